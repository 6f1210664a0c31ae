// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/workload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "harness/trial/scoreboard.hpp"

namespace tlbstorm::trial {
namespace {

std::vector<Definition>& registry() {
  static std::vector<Definition> all;
  return all;
}

}  // namespace

std::span<const Definition> workloads() { return registry(); }

std::string_view name(Better better) {
  static constexpr std::array<std::string_view, 3> kNames{"lower", "higher", "-"};
  return kNames[static_cast<std::size_t>(better)];
}

const Definition& find_workload(std::string_view name) {
  std::vector<std::string> names;
  for (const Definition& definition : registry()) {
    if (definition.name == name) return definition;
    names.push_back(definition.name);
  }
  const std::string near = os::nearest(name, names);
  throw os::UsageError("run", name, "no such workload",
                       near.empty()
                           ? fmt::format("the workloads are: {}", fmt::join(names, ", "))
                           : fmt::format("did you mean {}? `tlbstorm list workloads` shows all", near));
}

RegisteredWorkload::RegisteredWorkload(Definition definition) {
  if (definition.counters.size() > kWorkloadCounters)
    throw os::Error(fmt::format("{} keeps more than {} counters", definition.name, kWorkloadCounters));
  std::vector<Definition>& all = registry();
  const auto at = std::lower_bound(all.begin(), all.end(), definition,
                                   [](const Definition& a, const Definition& b) { return a.name < b.name; });
  if (at != all.end() && at->name == definition.name)
    throw os::Error("two workloads are named " + definition.name);
  all.insert(at, std::move(definition));
}

}  // namespace tlbstorm::trial
