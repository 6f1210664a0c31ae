// SPDX-License-Identifier: Apache-2.0
// Several runs under one parent folder: a sweep of one option, or a suite. The parent has a manifest of its
// own, batch.json, and each run is a run folder as any other.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/folder.hpp"
#include "harness/record/manifest.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {

/// What the runs have in common.
struct BatchKind {
  std::string kind;   ///< BatchManifest::kind
  std::string name;   ///< the option that is swept, or the suite
  std::string about;  ///< one line
};

/// Writes the parent's manifest as the runs proceed.
class BatchRecorder {
 public:
  /// Makes the folder. Throws os::SystemError.
  BatchRecorder(const std::filesystem::path& folder, const BatchKind& kind);
  /// The run that comes next, of which state and reason are still to come; its folder.
  std::filesystem::path begin(BatchRecord run);
  /// How it ended: "finished", "failed", "refused" (it could not be made here) or "interrupted".
  void end(const std::string& state, const std::string& reason);
  /// Writes points.csv from the runs' folders.
  void finish();
  const std::filesystem::path& folder() const { return folder_.path(); }
  /// What was said of the run that ended last.
  const std::string& last_reason() const { return manifest_.entries.back().reason; }

 private:
  void write() const;
  os::Folder folder_;
  BatchManifest manifest_;
};

struct BatchEntry {
  std::string name, point, value, state, reason;
  std::optional<RunFolder> run;  ///< nothing when it was refused
};

struct Batch {
  std::filesystem::path path;
  BatchKind kind;
  std::vector<BatchEntry> entries;
};

/// Whether it is the name of a folder in the batch's own, and no path.
bool is_folder_name(std::string_view name);
bool is_batch(const std::filesystem::path& folder);
/// Without its runs. Throws as read_batch() does.
BatchKind read_batch_kind(const std::filesystem::path& folder);
/// Throws os::Error with the path when it is none, or is damaged.
Batch read_batch(const std::filesystem::path& folder);

}  // namespace tlbstorm::record
