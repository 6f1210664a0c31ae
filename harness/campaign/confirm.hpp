// SPDX-License-Identifier: Apache-2.0
// A gate that is about to fail runs the workload again, where this machine can, and fails only if that shows
// the same.
#pragma once

#include <span>

#include "harness/campaign/machine_lock.hpp"
#include "harness/compare/gate/gate.hpp"

namespace tlbstorm::campaign {

/// Runs both sides again, interleaved, when this machine and kernel and all settings are those of both; only
/// the new one, against the base as it is, when they are those of the new one alone. What a fresh round
/// doesn't show no longer fails. Where neither can be run, the gate stays as it is; its notes say what was
/// done, or why not. Returns kOk, or kSignal + n.
int confirm(std::span<const compare::GatePair> pairs, const compare::GateOptions& options,
            const LockOptions& lock_options, Follower& follower, compare::Gate& gate);

}  // namespace tlbstorm::campaign
