// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/shootdowns.hpp"

#include <algorithm>

#include "harness/machine/topology.hpp"

namespace tlbstorm::probe {

Shootdowns::Shootdowns(Of what) : received_(open("interrupts", "interrupts.tlb")) {
  if (what == Of::all) sent_ = open("tlbflush", "tlbflush.sent");
}

Shootdowns::Count Shootdowns::open(std::string_view source, std::string_view column) {
  Target target;
  target.online_cpus = machine::read_topology("/", std::nullopt).online;
  const auto entry =
      std::find_if(sources().begin(), sources().end(), [&](const Source& one) { return one.name == source; });
  Opened opened = entry->open(target);
  if (const auto* const why = std::get_if<Unavailable>(&opened)) {
    absent_.push_back(*why);
    return {};
  }
  auto probe = std::get<std::unique_ptr<Probe>>(std::move(opened));
  const auto columns = probe->columns();
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& one) { return one.name == column; });
  if (found == columns.end()) {
    absent_.push_back({std::string(column) + " is not counted here", ""});
    return {};
  }
  return {std::move(probe), static_cast<std::size_t>(found - columns.begin())};
}

void Shootdowns::start() noexcept {
  sent_.start();
  received_.start();
}

void Shootdowns::stop() noexcept {
  received_.stop();
  sent_.stop();
}

}  // namespace tlbstorm::probe
