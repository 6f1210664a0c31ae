// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/checkup.hpp"

#include <fmt/format.h>

#include <array>

namespace tlbstorm::machine {

std::string_view name(Grade grade) {
  static constexpr std::array<std::string_view, 4> kNames{"ok", "warn", "fail", "unknown"};
  return kNames[static_cast<std::size_t>(grade)];
}

Finding examine(const Check& check, const Snapshot& snapshot) {
  Finding finding = check.look(snapshot);
  if (finding.grade == Grade::warn || finding.grade == Grade::fail) return finding;
  finding.command.clear();
  finding.fix.clear();
  return finding;
}

std::vector<std::string> warnings_for_a_run(const Snapshot& snapshot) {
  std::vector<std::string> lines;
  for (const Check& check : checks_of(Profile::reclaim)) {
    if (!check.moves_figures) continue;
    const Finding finding = examine(check, snapshot);
    if (finding.grade == Grade::fail)
      lines.push_back(fmt::format("doctor: {}: {}: {}", check.name, finding.found, finding.why));
  }
  return lines;
}

std::vector<Check> checks_of(Profile profile) {
  std::vector<Check> checks;
  const auto add = [&](std::span<const Check> chapter) {
    checks.insert(checks.end(), chapter.begin(), chapter.end());
  };
  add(cpu_checks());
  // Where CI runs is mostly a guest, which is known.
  if (profile == Profile::ci)
    std::erase_if(checks, [](const Check& check) { return check.name == "virtualisation"; });
  add(kernel_checks());
  add(memory_checks());
  if (profile == Profile::swap_ssd)
    for (const Check& check : swap_ssd_checks()) {  // where both look at a setting, the blueprint decides
      std::erase_if(checks, [&](const Check& other) { return other.name == check.name; });
      checks.push_back(check);
    }
  return checks;
}

}  // namespace tlbstorm::machine
