// SPDX-License-Identifier: Apache-2.0
// Something that was found out: of a machine (doctor), of a trial (validity), of a change (gate). Plain data,
// so that one printer a format serves all of them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tlbstorm::os {

/// `unknown` is what could not be looked at, `not_applicable` what does not matter here. Neither is `ok`.
enum class Grade { ok, warning, failed, unknown, not_applicable };

inline constexpr std::array<std::string_view, 5> kGradeNames{"ok", "warning", "failed", "unknown",
                                                             "not applicable"};

inline std::string_view name(Grade grade) { return kGradeNames[static_cast<std::size_t>(grade)]; }

inline std::optional<Grade> grade_named(std::string_view text) {
  for (std::size_t i = 0; i < kGradeNames.size(); ++i)
    if (kGradeNames[i] == text) return static_cast<Grade>(i);
  return std::nullopt;
}

struct Finding {
  std::string id;  ///< a word that stays the same: "foreign_load"; of a gate the rule
  Grade grade = Grade::ok;
  std::string found;          ///< "3.2% of the CPU time", "always"
  std::string wanted = {};    ///< "at most 5%", "madvise or never"
  std::string why = {};       ///< what it would spoil, or why it is so: one sentence
  std::string source = {};    ///< of the limit: a kernel file, a paper, a page of docs/
  std::string fix = {};       ///< a command that puts it right; empty where there is none
  std::string evidence = {};  ///< what was read, where `found` does not tell all of it
  bool decides = true;        ///< whether a verdict rests on it: one that is unknown makes it unsure
};

}  // namespace tlbstorm::os
