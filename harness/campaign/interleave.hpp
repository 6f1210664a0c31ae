// SPDX-License-Identifier: Apache-2.0
// Two ways to run a workload on this machine, trial by trial in turn, A B B A, so that what drifts with time
// drifts for both. Each trial is a run of its own, all of them in one folder.
#pragma once

#include <filesystem>
#include <string>

#include "harness/campaign/batch.hpp"
#include "harness/compare/side.hpp"

namespace tlbstorm::campaign {

class Interleaver {
 public:
  Interleaver(const std::filesystem::path& folder, const std::string& about, BatchRun base, BatchRun next,
              const MachineLock& lock, Follower& follower);
  /// One trial of each side. kOk, or kSignal + n. Throws os::UsageError when a side can't be run here,
  /// os::Error when a command before it fails.
  int run_pair();
  std::size_t pairs() const { return pairs_; }
  /// Those of which both trials are valid.
  std::size_t valid_pairs() const { return valid_pairs_; }
  /// Whether all that the runs changed was undone: otherwise the exit code is 1.
  bool all_undone() const { return all_undone_; }
  /// Writes the table of points.
  void finish() { recorder_.finish(); }

  compare::Side base() const { return side("base"); }
  compare::Side next() const { return side("new"); }
  const std::filesystem::path& folder() const { return recorder_.folder(); }

 private:
  int run_trial(BatchRun run, const std::string& value);
  bool was_valid(const std::string& value) const;
  std::string run_name(const std::string& value) const;
  compare::Side side(const std::string& value) const;

  BatchRun base_, next_;
  const MachineLock& lock_;
  Follower& follower_;
  bool all_undone_ = true;
  record::BatchRecorder recorder_;
  std::size_t pairs_ = 0, valid_pairs_ = 0;
};

/// From layers of words as on the command line of `tlbstorm run WORKLOAD`, with one trial a run; what is
/// about all runs is refused. Throws os::UsageError.
BatchRun side_run(const trial::Definition& definition, const std::vector<trial::Words>& layers);
/// From the words of a run that was made: what they said about all of that command's runs is left out.
BatchRun run_as_made(const trial::Definition& definition, const trial::Words& words);

}  // namespace tlbstorm::campaign
