// SPDX-License-Identifier: Apache-2.0
// What runs in the forked trial process: the workload and its workers, as threads or as processes of their
// own.
#pragma once

#include "harness/os/folder.hpp"
#include "harness/trial/confinement.hpp"
#include "harness/trial/scoreboard.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {

/// Exit codes of a trial process and of its worker processes.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitNoMemory = 4;

/// The body of the trial process; returns its exit code. Reports failures through the scoreboard.
/// `folder` is the run's, if it has one.
int run_trial_process(const Plan& plan, const Definition& definition, const Confinement& confinement,
                      const os::Folder* folder, Scoreboard& scoreboard);

}  // namespace tlbstorm::trial
