// SPDX-License-Identifier: Apache-2.0
// One side of a comparison: runs of the same thing, pooled. The unit of evidence is a trial, and invalid
// trials are none.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/scale.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::compare {

/// A metric that a side has, with its direction.
struct MetricInfo {
  std::string name, unit;
  trial::Better better = trial::Better::neither;

  /// Whether a change is told in percentage points: 0.01 is one.
  bool in_points() const { return unit == judge::kShare; }
  /// Less than this changes nothing, in the unit.
  double least_change() const { return judge::least_change(unit); }
};

/// How runs ended, or trials where a side is a single run.
struct Ends {
  std::string of = "trials";
  std::size_t ended = 0;
  std::size_t unexpected = 0;  ///< otherwise than their run expected
  std::string how;             ///< "oom 3, failed 1"
};

class Side {
 public:
  /// At least one run.
  Side(std::string name, std::vector<record::RunFolder> runs);

  const std::string& name() const { return name_; }
  const std::vector<record::RunFolder>& runs() const { return runs_; }
  const record::RunManifest& manifest() const { return runs_.front().manifest; }
  /// What the runs have, in the order of the first of them.
  const std::vector<MetricInfo>& metrics() const { return metrics_; }
  bool has(std::string_view metric) const;
  /// The metric's values over all valid trials, run by run, in the order of the trials.
  std::vector<double> values(std::string_view metric) const;
  /// The same, each run by itself.
  std::vector<std::vector<double>> values_by_run(std::string_view metric) const;

  int trials() const { return trials_; }
  int valid_trials() const { return valid_; }
  /// That pages came back wrong in any trial, and how many; empty when none did.
  std::string corruption() const;
  /// Whether any trial was made, valid or not.
  bool was_made() const;
  /// Of a side of several runs a run ended as its worst trial did, or its machine.
  Ends ends() const;
  /// A run that its machine did not survive: "panic". It has no figures.
  void add_lost(const std::string& how) { lost_.push_back(how); }
  /// What no verdict on this side can be sure for: other runs were not kept away meanwhile (--ignore-lock),
  /// or a check that decides could not be made for trials that count. Empty: nothing.
  std::string doubt() const;
  /// Whether only trials that explain have it, in some run.
  bool only_explained(std::string_view metric) const;
  /// What may have disturbed the valid trials that measure: "perf, tlbflush"; empty: nothing.
  std::string instrument() const;

 private:
  std::string name_;
  std::vector<record::RunFolder> runs_;
  std::vector<MetricInfo> metrics_;
  std::vector<std::string> lost_;
  int trials_ = 0, valid_ = 0;
};

/// Whether the sides' figures of a metric that depends on time were taken beside different probes: some of
/// the change may be theirs.
bool instrument_differs(const Side& base, const Side& next, const MetricInfo& metric);
inline constexpr const char* kInstrumentDiffers =
    "instrument differs: the trials of the two sides carried different probes";

/// Pools runs that were read. With `raw`, what samples.csv says of each column is among their metrics. Throws
/// os::Error when there is no run, or a file is damaged.
Side make_side(const std::string& name, std::vector<record::RunFolder> runs, bool raw);

/// Reads run folders, Google Benchmark's JSON files, and folders that hold run folders. Throws os::Error.
Side read_side(const std::string& name, const std::vector<std::filesystem::path>& paths, bool raw = false);

/// Whether read_side() would find runs there, be they damaged or not.
bool holds_runs(const std::filesystem::path& path);

/// Which way is better, by the run's own word, else by the dictionary.
trial::Better direction(const record::RunFolder& run, std::string_view metric);

/// "results/a, results/b (10 of 10 trials valid)".
std::string describe_side(const Side& side);
/// "AMD EPYC, 2 CPUs, 1 socket, 1 NUMA node".
std::string machine_of(const Side& side);

}  // namespace tlbstorm::compare
