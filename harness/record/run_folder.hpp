// SPDX-License-Identifier: Apache-2.0
// Reads a run folder back: the manifest and the figures of its trials. Never needs the machine that made it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/record/manifest.hpp"

namespace tlbstorm::record {

/// The trials' values of one metric, in the order of the trials; by trial number. Those of the trials that
/// measure, where these have it; else of those that explain.
struct Series {
  std::string metric;
  std::string unit;
  std::map<int, double> by_trial;
  std::map<int, double> explaining = {};  ///< of trials that explain what others measured
};

/// Tells them apart.
void set_explaining_apart(const RunManifest& manifest, Series& series);

/// The same for the rounds of the trials that measure.
struct RoundRow {
  int trial = 0;
  int round = 0;
  std::map<std::string, double> figures;
};

/// One bucket of the distribution of accesses' times.
struct LatencyRow {
  int trial = 0;
  std::string access;  ///< "read" or "write"
  std::string met;     ///< "hit", "minor" or "major"
  double from_ns = 0, to_ns = 0, count = 0;
};

struct RunFolder {
  std::filesystem::path path;
  RunManifest manifest;
  std::vector<Series> series;  ///< in the order of the file
  std::vector<RoundRow> rounds;
  std::vector<LatencyRow> latencies;
  std::vector<std::string> remarks;  ///< what is odd about the folder: cut-off rows, an unfinished run

  const Series* find(std::string_view metric) const;
  /// A metric's values over the valid trials, or over all when none is valid; in ascending order.
  std::vector<double> values(std::string_view metric) const;
  /// Their median; nothing when there are none.
  std::optional<double> median(std::string_view metric) const;
  /// Whether a trial ended well and passed its checks.
  bool valid(int trial) const { return manifest.valid(trial); }
};

/// Throws os::UsageError when it isn't a run folder, os::Error when it is damaged or was written by a newer
/// version; both with the path.
RunFolder read_run(const std::filesystem::path& path);

/// Whether all that a run of ours changed on the machine was undone, by its run.json; so too where none was
/// made.
bool all_undone(const std::filesystem::path& folder);

}  // namespace tlbstorm::record
