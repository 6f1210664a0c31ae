// SPDX-License-Identifier: Apache-2.0
// Carries a plan out: machine prepared, trials run, recorded and judged, machine restored.
#pragma once

#include <filesystem>

#include "harness/campaign/machine_lock.hpp"
#include "harness/machine/facts.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::campaign {

/// Runs all trials of a plan into its folder, plan.output, which is made. The exit code: kOk when every trial
/// ended as expected and the machine is as it was, kFailed, or kSignal + n. `command` is what the manifest
/// says made it; `lock` what is held while it lasts.
int execute(const trial::Plan& plan, const trial::Definition& definition, const machine::Machine& machine,
            const trial::Words& command, const MachineLock& lock, Follower& follower);

}  // namespace tlbstorm::campaign
