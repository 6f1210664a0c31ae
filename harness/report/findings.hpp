// SPDX-License-Identifier: Apache-2.0
// Findings as people and programs want them: one printer a format, whoever found something.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/os/finding.hpp"

namespace tlbstorm::report {

/// What some findings have beside what all have. A terminal has no room for what `found` tells anyway.
struct FoundColumn {
  std::string title;
  bool on_terminal = true;
};

/// A finding, and its cells of those columns.
struct FoundRow {
  os::Finding finding;
  std::vector<std::string> cells = {};
};

struct FindingReport {
  std::string title;                                         ///< "tlbstorm gate"
  std::vector<std::pair<std::string, std::string>> context;  ///< what was looked at: {"base", "results/a"}
  std::vector<FoundColumn> columns = {};
  std::vector<FoundRow> rows;
  std::vector<std::string> notes = {};
  std::string conclusion = {};  ///< "FAIL", "pass"; empty where the rows say all
  /// What the grades are called here, in their order.
  std::array<std::string_view, 5> words = os::kGradeNames;
  bool unknown_fails = false;  ///< for those who know no third answer
  bool coloured = false;

  std::string_view word(os::Grade grade) const { return words[static_cast<std::size_t>(grade)]; }
  /// Whether it is to be called a failure where there is only that or success.
  bool fails(os::Grade grade) const {
    return grade == os::Grade::failed || (grade == os::Grade::unknown && unknown_fails);
  }
};

struct FindingFormat {
  std::string_view name;
  std::string_view meaning;
  std::string (*print)(const FindingReport& report);
};

/// All of them; the first is the default.
std::span<const FindingFormat> finding_formats();

/// The whole report, for programs that want more beside it.
nlohmann::ordered_json findings_json(const FindingReport& report);

}  // namespace tlbstorm::report
