// SPDX-License-Identifier: Apache-2.0
// What a trial has left on its scoreboard, for its result.
#pragma once

#include <map>

#include "harness/trial/observation.hpp"

namespace tlbstorm::trial {

void collect_workers(const Scoreboard& scoreboard, TrialResult& result);
void collect_bystanders(const Scoreboard& scoreboard, TrialResult& result);
/// Wrong data is a finding about the kernel or the device, whatever else has happened: it is the outcome.
void collect_wrong_pages(const Scoreboard& scoreboard, TrialResult& result);

/// The CPU time of the workers and bystanders in what was measured, by CPU.
std::map<int, os::Nanoseconds> own_times(const TrialResult& result);

}  // namespace tlbstorm::trial
