// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/probe.hpp"

#include <algorithm>

#include "harness/os/error.hpp"

namespace tlbstorm::probe {
namespace {

std::vector<Source>& registry() {
  static std::vector<Source> all;
  return all;
}

}  // namespace

void Probe::begin_trial(const Target& /*target*/) {
  for (Part& part : parts_) part.left_out = part.gone;
}

bool Probe::any_left() const noexcept {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return !part.left_out; });
}

std::span<const Source> sources() { return registry(); }

Offer look(const Source& source, const Target& target) {
  if (source.look != nullptr) return source.look(target);
  Opened opened = source.open(target);
  if (auto* const absent = std::get_if<Unavailable>(&opened)) return std::move(*absent);
  const std::span<const Column> columns = std::get<std::unique_ptr<Probe>>(opened)->columns();
  return std::vector<Column>(columns.begin(), columns.end());
}

RegisteredProbe::RegisteredProbe(Source source) {
  std::vector<Source>& all = registry();
  const auto at = std::lower_bound(all.begin(), all.end(), source,
                                   [](const Source& a, const Source& b) { return a.name < b.name; });
  if (at != all.end() && at->name == source.name) throw os::Error("two probes are named " + source.name);
  all.insert(at, std::move(source));
}

}  // namespace tlbstorm::probe
