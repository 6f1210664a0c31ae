// SPDX-License-Identifier: Apache-2.0
// Values as programs read them: a cell of CSV as in RFC 4180, a number of JSON, a text of XML. What there is
// none of, or is not finite, is an empty cell, or null. A text that a spreadsheet would take for a formula,
// and run, gets an apostrophe in front, which makes it a text there (OWASP, "CSV Injection").
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "harness/os/text.hpp"
#include "harness/record/csv_writer.hpp"

namespace tlbstorm::report {

inline std::string csv_number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

inline std::string csv_text(const std::string& text) {
  const bool formula = text.find_first_of("=+-@\t\r") == 0 && !os::to_real(text);
  return record::csv_cell(formula ? "'" + text : text);
}

/// A text in XML or HTML, attributes included. XML has no place for control characters.
inline std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t' ? c : '?';
  }
  return out;
}

inline nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace tlbstorm::report
