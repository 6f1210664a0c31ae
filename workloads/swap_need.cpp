// SPDX-License-Identifier: Apache-2.0
#include "workloads/swap_need.hpp"

#include <algorithm>

#include "harness/os/error.hpp"

namespace tlbstorm::workloads {

using os::operator""_MiB;

os::Bytes free_swap(const trial::Plan& plan, const machine::Machine& machine) {
  os::Bytes free;
  for (const machine::SwapArea& area : machine.swaps)
    free = free + os::Bytes{area.size.count - area.used.count};
  for (const trial::SwapRequest& request : plan.swap) free = free + request.size;
  return free;
}

void require_swap(const trial::Plan& plan, const machine::Machine& machine, const std::string& reason_option,
                  const std::string& size_option, os::Bytes needed) {
  const os::Bytes free = free_swap(plan, machine);
  if (free.count == 0)
    throw os::UsageError("--" + reason_option, plan.parameters.text(reason_option),
                         "no swap is active to put anonymous pages in",
                         "add --swap zram:1G (or --swap file:1G): it is set up for the run and taken down");
  if (free < needed)
    throw os::UsageError("--" + size_option, os::format_size(plan.parameters.size(size_option)),
                         "only " + os::format_size(free) + " of swap are free where " +
                             os::format_size(needed) +
                             " are needed: a page in memory may keep its place in swap",
                         "give a smaller size, a larger --memory, or more --swap");
}

void require_limit(trial::Plan& plan, const machine::Machine& machine, os::Bytes standard) {
  if (machine.cgroup.parent.empty())
    throw os::UsageError("--memory", os::format_size(plan.memory.value_or(standard)), machine.cgroup.reason,
                         machine.cgroup.remedy);
  if (!plan.memory) plan.memory = standard;
}

os::Bytes slack_of_worker(os::Bytes page) { return page * 512; }

os::Bytes slack(const trial::Plan& plan) {
  return 12_MiB + slack_of_worker() * static_cast<std::uint64_t>(plan.workers);
}

os::Bytes standard_limit(const trial::Plan& plan) { return std::max(128_MiB, slack(plan) * 4); }

}  // namespace tlbstorm::workloads
