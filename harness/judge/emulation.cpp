// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/emulation.hpp"

namespace tlbstorm::judge {

bool is_emulated(const record::RunManifest& manifest) { return manifest.flush.hypervisor == "QEMU (TCG)"; }

bool depends_on_time(std::string_view metric, std::string_view unit) {
  return unit.ends_with("/s") || unit == "s" || unit == "ns" || unit.starts_with("ns/") ||
         unit.starts_with("cpu") || metric.starts_with("memory_stall_");
}

std::string marked_unit(std::string_view metric, std::string_view unit, bool emulated) {
  std::string text(unit);
  if (emulated && depends_on_time(metric, unit)) text += kEmulated;
  return text;
}

}  // namespace tlbstorm::judge
