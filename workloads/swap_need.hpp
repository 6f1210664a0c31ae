// SPDX-License-Identifier: Apache-2.0
// What a workload that swaps must find: a cgroup to limit it, and swap that can take what exceeds the limit.
#pragma once

#include <string>

#include "harness/os/mapping.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::workloads {

/// Swap that is free now and that the plan brings along.
os::Bytes free_swap(const trial::Plan& plan, const machine::Machine& machine);

/// Refuses (os::UsageError) when there is no swap, or naming `size_option`, when it can't take `needed`. That
/// is all of the pages that may go there, not what exceeds the limit: a page that came back and was not
/// written to keeps its slot, and once the slots are used up reclaim kills (mm/swap_state.c, mm/memory.c:
/// should_try_to_free_swap).
void require_swap(const trial::Plan& plan, const machine::Machine& machine, const std::string& reason_option,
                  const std::string& size_option, os::Bytes needed);

/// Sets --memory to what is given for it if the user gave none; refuses when no cgroup can limit anything.
void require_limit(trial::Plan& plan, const machine::Machine& machine, os::Bytes standard);

/// What each worker needs of a limit beside its working set: page tables, the charges that its CPU keeps
/// (mm/memcontrol.c: MEMCG_CHARGE_BATCH), the pages in flight. All of it is counted in pages.
os::Bytes slack_of_worker(os::Bytes page = os::page_size());

/// The same of all of a trial's processes.
os::Bytes slack(const trial::Plan& plan);

/// The limit where the user gave none: small, so that a run is short, and four times the slack at least.
os::Bytes standard_limit(const trial::Plan& plan);

}  // namespace tlbstorm::workloads
