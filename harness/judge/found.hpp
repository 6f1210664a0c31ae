// SPDX-License-Identifier: Apache-2.0
// What a check of a trial finds; the rest of the finding stands in the check's row.
#pragma once

#include <string>

#include "harness/judge/metrics.hpp"
#include "harness/os/finding.hpp"

namespace tlbstorm::judge {

struct Found {
  os::Grade grade;
  std::string text;
};

/// A check that could not be made, and why.
inline Found not_known(const char* why) { return {os::Grade::unknown, why}; }
inline Found not_known(const Value& value) {
  return {os::Grade::unknown, std::get<record::Absence>(value).reason};
}

/// Of a share of something that may not exceed a limit. One that may be wrong by more than a third of the
/// limit decides only where that does not matter.
inline os::Grade grade_of(double share, double resolution, double limit) {
  if (share - resolution > limit) return os::Grade::failed;
  if (share + resolution <= limit) return os::Grade::ok;
  if (resolution > limit / 3) return os::Grade::unknown;
  return share > limit ? os::Grade::failed : os::Grade::ok;
}

inline constexpr const char* kNotFinished = "what was to be measured was not finished";
inline constexpr const char* kKilled = "a worker was killed: what it used last is not known";

/// Whether others took the CPUs: of a worker's, or of all of them, more than they may. Who they were stands
/// in what it finds.
Found foreign_load(const TrialFacts& facts);
/// Whether reclaim took more pages from others meanwhile than 5% of the trial's, or of its interrupts.
Found foreign_reclaim(const TrialFacts& facts);
/// Whether others sent more than 5% of the flushes, in a trial with the tracepoint; a warning.
Found foreign_shootdowns(const TrialFacts& facts);
/// Those of foreign_load() that ran on a CPU: "dd 22.0%, cc1 4.0%"; empty when nobody is known.
std::string who_ran_on(const TrialFacts& facts, int cpu);

}  // namespace tlbstorm::judge
