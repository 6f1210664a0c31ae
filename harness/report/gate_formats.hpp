// SPDX-License-Identifier: Apache-2.0
// What a gate found, for people and for what runs it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "harness/compare/gate/gate.hpp"

namespace tlbstorm::report {

struct GateReport {
  compare::Gate gate;
  std::string base, next;  ///< what was compared
  bool unsure_fails =
      true;  ///< whether an unsure rule counts as a failure for those who know no third answer
  bool coloured = false;
};

struct GateFormat {
  std::string_view name;
  std::string_view meaning;
  std::string (*print)(const GateReport& report);
};

/// All of them; the first is the default.
std::span<const GateFormat> gate_formats();

}  // namespace tlbstorm::report
