// SPDX-License-Identifier: Apache-2.0
// Two ways to run a workload on this machine, trial by trial in turn, A B B A, so that what drifts with time
// drifts for both. Each trial is a run of its own, all of them in one folder.
#pragma once

#include <filesystem>
#include <string>

#include "harness/cli/batch.hpp"
#include "harness/compare/side.hpp"

namespace tlbstorm::cli {

/// How a side is run.
struct Way {
  Arguments command;       ///< what makes such a run alone; for the manifest
  trial::Options options;  ///< of the plan
  std::string prepare;     ///< a shell command before each of its trials, or empty
};

class Interleaver {
 public:
  Interleaver(const std::filesystem::path& folder, const std::string& about,
              const trial::Definition& definition, Way base, Way next, const MachineLock& lock, bool quiet);
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
  int run_trial(const Way& way, const std::string& value);
  bool was_valid(const std::string& value) const;
  std::string run_name(const std::string& value) const;
  compare::Side side(const std::string& value) const;

  const trial::Definition& definition_;
  Way base_, next_;
  const MachineLock& lock_;
  bool quiet_, all_undone_ = true;
  record::BatchRecorder recorder_;
  std::size_t pairs_ = 0, valid_pairs_ = 0;
};

/// The words of a text as a shell would split it, without its other powers.
Arguments split_words(const std::string& text);

/// A way from layers of words as on the command line of `tlbstorm run WORKLOAD`, with one trial a run.
Way way_of(const trial::Definition& definition, const std::vector<Arguments>& layers);

/// Refuses words for the runs of a side that are about all of the runs. Throws os::UsageError.
void check_words_of_a_side(const trial::Definition& definition, const Arguments& words);

/// What a way comes to on this machine, as JSON. One whose command may still change the machine need not be
/// possible now. Throws os::UsageError.
nlohmann::ordered_json preview(const trial::Definition& definition, const Way& way);

}  // namespace tlbstorm::cli
