// SPDX-License-Identifier: Apache-2.0
// Values as programs read them: a cell of CSV as in RFC 4180, a number of JSON. What there is none of, or is
// not finite, is an empty cell, or null.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace tlbstorm::verdict {

inline std::string csv_number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

inline std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  out += '"';
  return out;
}

inline nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

/// A whole document, whatever bytes names of files have.
inline std::string json_text(const nlohmann::ordered_json& json) {
  return fmt::format("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace tlbstorm::verdict
