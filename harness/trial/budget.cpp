// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/budget.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/os/error.hpp"

namespace tlbstorm::trial {
namespace {

using TextOptions = std::map<std::string, std::string>;

os::Bytes minus(os::Bytes a, os::Bytes b) { return {a.count - std::min(a.count, b.count)}; }

/// Swap that takes pages out of memory for good.
os::Bytes swap_on_disks(const Plan& plan, const machine::Machine& machine) {
  os::Bytes free;
  for (const machine::SwapArea& area : machine.swaps)
    if (!machine::block_name(area).starts_with("zram")) free = free + minus(area.size, area.used);
  for (const SwapRequest& request : plan.swap)
    if (request.kind != SwapRequest::Kind::zram) free = free + request.size;
  return free;
}

/// What the workers hold.
MemoryShare share_of_workers(const Plan& plan, const TextOptions& options, const machine::Machine& machine) {
  const bool limited = plan.memory && (!plan.working_set || *plan.memory < plan.working_set->size);
  MemoryShare share;
  if (limited) {
    const auto said = options.find("memory");
    const bool given = said != options.end() && !said->second.empty();
    share = {"--memory", given ? said->second : os::format_size(*plan.memory), *plan.memory};
  } else if (plan.working_set) {
    share = {"--" + plan.working_set->option, plan.parameters.text(plan.working_set->option),
             plan.working_set->size};
  }
  const bool locked = plan.working_set && plan.working_set->locked;
  if (!locked) share.size = minus(share.size, swap_on_disks(plan, machine));
  return share;
}

}  // namespace

std::vector<MemoryShare> memory_taken(const Plan& plan, const TextOptions& options,
                                      const machine::Machine& machine) {
  std::vector<MemoryShare> shares{share_of_workers(plan, options, machine)};
  if (plan.ballast) shares.push_back({"--ballast", options.at("ballast"), *plan.ballast});
  for (const SwapRequest& request : plan.swap)
    if (request.kind == SwapRequest::Kind::zram) shares.push_back({"--swap", request.text, request.size});
  std::erase_if(shares, [](const MemoryShare& share) { return share.size.count == 0; });
  return shares;
}

void check_budget(const Plan& plan, const TextOptions& options, const machine::Machine& machine) {
  const std::vector<MemoryShare> shares = memory_taken(plan, options, machine);
  const os::Bytes stays = machine.memory / 16;
  os::Bytes all;
  std::vector<std::string> parts;
  for (const MemoryShare& share : shares) {
    all = all + share.size;
    parts.push_back(fmt::format("{} ({} {})", os::format_size(share.size), share.option, share.value));
  }
  if (shares.empty() || all + stays <= machine.available) return;
  const auto largest = std::max_element(shares.begin(), shares.end(),
                                        [](const auto& a, const auto& b) { return a.size < b.size; });
  throw os::UsageError(largest->option, largest->value,
                       fmt::format("the run would take {} in all: {}; {} are available, and {} stay free",
                                   os::format_size(all), fmt::join(parts, " + "),
                                   os::format_size(machine.available), os::format_size(stays)),
                       shares.size() == 1 ? "give less" : "give less of one of them");
}

}  // namespace tlbstorm::trial
