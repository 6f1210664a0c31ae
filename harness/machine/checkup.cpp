// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/checkup.hpp"

#include <fmt/format.h>

#include <array>

namespace tlbstorm::machine {

Examined examine(const DoctorCheck& check, const Snapshot& snapshot) {
  Diagnosis found = check.look(snapshot);
  const bool wrong = found.grade == Grade::warning || found.grade == Grade::failed;
  Examined examined{{.id = std::string(check.name),
                     .grade = found.grade,
                     .found = std::move(found.found),
                     .wanted = std::move(found.wanted),
                     .why = std::move(found.why),
                     .source = "docs/doctor.md",
                     .decides = check.moves_figures},
                    {}};
  if (!wrong) return examined;
  examined.finding.fix = std::move(found.fix);
  examined.repairs = std::move(found.repairs);
  return examined;
}

std::vector<std::string> warnings_for_a_run(const Snapshot& snapshot) {
  std::vector<std::string> lines;
  for (const DoctorCheck& check : checks_of(Profile::reclaim)) {
    if (!check.moves_figures) continue;
    const os::Finding finding = examine(check, snapshot).finding;
    if (finding.grade == Grade::failed)
      lines.push_back(fmt::format("doctor: {}: {}: {}", finding.id, finding.found, finding.why));
  }
  return lines;
}

std::vector<DoctorCheck> checks_of(Profile profile) {
  std::vector<DoctorCheck> checks;
  const auto add = [&](std::span<const DoctorCheck> chapter) {
    checks.insert(checks.end(), chapter.begin(), chapter.end());
  };
  add(cpu_checks());
  // Where CI runs is mostly a guest, which is known.
  if (profile == Profile::ci)
    std::erase_if(checks, [](const DoctorCheck& check) { return check.name == "virtualisation"; });
  add(kernel_checks());
  add(memory_checks());
  if (profile == Profile::swap_ssd)
    for (const DoctorCheck& check :
         swap_ssd_checks()) {  // where both look at a setting, the blueprint decides
      std::erase_if(checks, [&](const DoctorCheck& other) { return other.name == check.name; });
      checks.push_back(check);
    }
  return checks;
}

}  // namespace tlbstorm::machine
