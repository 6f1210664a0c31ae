// SPDX-License-Identifier: Apache-2.0
// Values as programs read them: a cell of CSV as in RFC 4180, a number of JSON. What there is none of, or is
// not finite, is an empty cell, or null. A text that a spreadsheet would take for a formula, and run, gets an
// apostrophe in front, which makes it a text there (OWASP, "CSV Injection").
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/os/text.hpp"

namespace tlbstorm::report {

inline std::string csv_number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

inline std::string csv_text(const std::string& text) {
  const bool formula = text.find_first_of("=+-@\t\r") == 0 && !os::to_real(text);
  if (!formula && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = formula ? "\"'" : "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  out += '"';
  return out;
}

inline nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace tlbstorm::report
