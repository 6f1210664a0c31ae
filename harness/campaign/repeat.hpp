// SPDX-License-Identifier: Apache-2.0
// Independent runs of the same: what a trial can't tell is the luck that all trials of a run share, so a
// verdict takes several runs, each with new processes, new files and new swap.
#pragma once

#include <span>
#include <vector>

#include "harness/campaign/batch.hpp"

namespace tlbstorm::campaign {

/// The most repetitions: their names have three digits.
inline constexpr int kMostRepeats = 999;

/// A run of these words, as on the command line of `tlbstorm run WORKLOAD`; what is about all runs is
/// refused. Throws os::UsageError.
BatchRun run_of_words(const trial::Definition& definition, const trial::Words& words);
/// A run of these options, named after its workload.
BatchRun run_of(const trial::Definition& definition, const trial::Options& options);

/// Each of the runs so many times, in rounds, so that what drifts does so for all of them alike.
std::vector<BatchRun> repeated(const std::vector<BatchRun>& runs, int times);

/// The same of two sides with as many runs each: in each round each run of one side beside that of the other,
/// A B, then B A, so that what drifts does so for both sides.
std::vector<BatchRun> repeated(const std::vector<BatchRun>& base, const std::vector<BatchRun>& next,
                               int times);

}  // namespace tlbstorm::campaign
