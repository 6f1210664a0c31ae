// SPDX-License-Identifier: Apache-2.0
// Scanning of procfs text in place: nothing here allocates, so that probes can use it while they sample.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tlbstorm::os {

/// Takes one line (without its '\n') off the front of `text`. Empty when nothing is left: test text.empty()
/// first.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Takes one field separated by blanks or tabs off the front of `line`; empty at the end of the line.
inline std::string_view take_field(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    line = {};
    return {};
  }
  line.remove_prefix(begin);
  const std::size_t end = line.find_first_of(" \t");
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end);
  return field;
}

/// A decimal number that fills the whole field; nothing otherwise.
inline std::optional<std::uint64_t> to_number(std::string_view field) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || field.empty()) return std::nullopt;
  return value;
}

/// A finite decimal number that fills the whole field; nothing otherwise.
inline std::optional<double> to_real(std::string_view field) {
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

/// Without blanks and line ends on either side.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// The value of the line "key value" (vmstat, memory.stat, cpuinfo's "key : value" with separator ':').
inline std::optional<std::string_view> find_value(std::string_view text, std::string_view key,
                                                  char separator = ' ') {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t at = line.find(separator);
    if (at != std::string_view::npos && trim(line.substr(0, at)) == key) return trim(line.substr(at + 1));
  }
  return std::nullopt;
}

/// What a file of choices is set to: "always [madvise] never" is "madvise"; a text without brackets is
/// itself, trimmed.
inline std::string_view chosen(std::string_view text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']', open);
  if (open == std::string_view::npos || close == std::string_view::npos) return trim(text);
  return text.substr(open + 1, close - open - 1);
}

}  // namespace tlbstorm::os
