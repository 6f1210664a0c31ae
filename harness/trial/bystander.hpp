// SPDX-License-Identifier: Apache-2.0
// A thread in the workers' mm, on a CPU of its own, that does nothing but read the clock and touch pages of
// its own. A gap between two reads is time that something else took on its CPU: the handlers of the
// shootdowns that the workers cause, mostly. That is what reclaim costs those who have no part in it.
#pragma once

#include "harness/trial/plan.hpp"
#include "harness/trial/scoreboard.hpp"

namespace tlbstorm::trial {

/// Runs until the trial's measured phase is over or it is stopped.
void run_bystander(Scoreboard& scoreboard, const Plan& plan, int index);

}  // namespace tlbstorm::trial
