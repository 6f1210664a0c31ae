// SPDX-License-Identifier: Apache-2.0
// What a gate found, as findings and for programs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "harness/compare/gate/gate.hpp"
#include "harness/report/findings.hpp"

namespace tlbstorm::report {

struct GateReport {
  compare::Gate gate;
  std::string base, next;  ///< what was compared
  bool unsure_fails =
      true;  ///< whether an unsure rule counts as a failure for those who know no third answer
  bool coloured = false;
};

/// As every finding is printed.
FindingReport findings_of(const GateReport& report);

/// The typed results, for programs.
std::string gate_json(const GateReport& report);

}  // namespace tlbstorm::report
