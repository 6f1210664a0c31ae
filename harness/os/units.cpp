// SPDX-License-Identifier: Apache-2.0
#include "harness/os/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

struct Quantity {
  double number;
  std::string_view suffix;
};

/// A number and what follows it, with or without a blank between.
std::optional<Quantity> split_quantity(std::string_view text) {
  Quantity quantity{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quantity.number);
  if (error != std::errc{} || !std::isfinite(quantity.number) || std::signbit(quantity.number))
    return std::nullopt;
  quantity.suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  if (quantity.suffix.starts_with(' ') && quantity.suffix.size() > 1) quantity.suffix.remove_prefix(1);
  return quantity;
}

std::optional<double> size_factor(std::string_view suffix) {
  static constexpr std::string_view kLetters = "KMGT";
  if (suffix.empty() || suffix == "B") return 1.0;
  const std::size_t power = kLetters.find(static_cast<char>(suffix[0] & ~0x20));
  if (power == std::string_view::npos) return std::nullopt;
  const std::string_view rest = suffix.substr(1);
  if (!rest.empty() && rest != "B" && rest != "iB") return std::nullopt;
  return std::ldexp(1.0, 10 * static_cast<int>(power + 1));
}

std::optional<double> nanoseconds_factor(std::string_view suffix) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits{
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  for (const auto& [name, factor] : kUnits)
    if (name == suffix) return factor;
  return std::nullopt;
}

constexpr Bytes kLargestPage = 64_KiB;  // arm64 and powerpc have base pages of that size

/// FLOOR..SHARE%..CEILING, with one of the bounds or both.
Bytes parse_bounded_share(std::string_view option, std::string_view text, Bytes whole) {
  const std::string remedy = "give a share between bounds, such as 64M..1%..4G, 64M..1% or 1%..4G";
  std::optional<Bytes> floor, share, ceiling;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t dots = rest.find("..");
    const std::string_view part = rest.substr(0, dots);
    rest.remove_prefix(dots == std::string_view::npos ? rest.size() : dots + 2);
    std::optional<Bytes>& place = part.ends_with('%') ? share : share ? ceiling : floor;
    if (part.empty() || place) throw UsageError(option, text, "not a share between bounds", remedy);
    place =
        part_of(option, text, part, [&](std::string_view size) { return parse_size(option, size, whole); });
  }
  if (!share || text.ends_with("..")) throw UsageError(option, text, "not a share between bounds", remedy);
  if (floor && ceiling && *floor > *ceiling)
    throw UsageError(option, text, "the lower bound is above the upper one", remedy);
  return std::min(std::max(*share, floor.value_or(Bytes{})), ceiling.value_or(Bytes{~std::uint64_t{0}}));
}

}  // namespace

Bytes parse_size(std::string_view option, std::string_view text, Bytes whole) {
  if (text.find("..") != std::string_view::npos) return parse_bounded_share(option, text, whole);
  const std::string remedy = "give a size such as 512M, 2G or 25% (of the machine's memory)";
  const auto quantity = split_quantity(text);
  if (!quantity) throw UsageError(option, text, "not a size", remedy);
  if (quantity->suffix == "%") {
    if (quantity->number > 100) throw UsageError(option, text, "more than the whole", remedy);
    const double bytes = static_cast<double>(whole.count) * quantity->number / 100;
    return kLargestPage * (static_cast<std::uint64_t>(bytes) / kLargestPage.count);
  }
  const auto factor = size_factor(quantity->suffix);
  if (!factor) throw UsageError(option, text, "not a size", remedy);
  const double bytes = quantity->number * *factor;
  if (bytes > std::ldexp(1.0, 62)) throw UsageError(option, text, "larger than any machine", remedy);
  return {static_cast<std::uint64_t>(bytes)};
}

Nanoseconds parse_duration(std::string_view option, std::string_view text) {
  const std::string remedy = "give a time with its unit, such as 250ms, 30s or 5m";
  const auto quantity = split_quantity(text);
  if (!quantity) throw UsageError(option, text, "not a time", remedy);
  if (quantity->number == 0 && quantity->suffix.empty()) return Nanoseconds{0};
  const auto factor = nanoseconds_factor(quantity->suffix);
  if (!factor) throw UsageError(option, text, "not a time with a unit", remedy);
  const double value = quantity->number * *factor;
  if (value > 366.0 * 24 * 3600e9) throw UsageError(option, text, "longer than a year", remedy);
  return Nanoseconds{static_cast<std::int64_t>(value)};
}

std::uint64_t parse_whole(std::string_view option, std::string_view text, std::uint64_t least,
                          std::uint64_t most) {
  const auto value = to_number(text);
  const std::string remedy = fmt::format("give a number from {} to {}", least, most);
  if (!value) throw UsageError(option, text, "not a whole number in range", remedy);
  if (*value < least || *value > most) throw UsageError(option, text, "out of range", remedy);
  return *value;
}

double parse_real(std::string_view option, std::string_view text, double least, double most) {
  const auto value = to_real(text);
  const std::string remedy = fmt::format("give a number from {} to {}", least, most);
  if (!value) throw UsageError(option, text, "not a number", remedy);
  const bool minus = std::signbit(*value) && least >= 0;  // of a zero, too
  if (minus || *value < least || *value > most) throw UsageError(option, text, "out of range", remedy);
  return *value;
}

std::vector<std::string> split_list(std::string_view option, std::string_view text) {
  std::vector<std::string> parts;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    parts.emplace_back(trim(rest.substr(0, comma)));
    if (parts.back().empty())
      throw UsageError(option, text, text.empty() ? "an empty list" : "an empty place in the list",
                       "put one comma between two entries, and none at the ends");
    if (comma == std::string_view::npos) return parts;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<int> parse_list(std::string_view option, std::string_view text) {
  const std::string remedy = "give numbers and ranges such as 0-3,8";
  constexpr std::uint64_t kLargest = 65535;
  std::vector<int> numbers;
  for (const std::string& one : split_list(option, text)) {
    const std::string_view part = one;
    const std::size_t dash = part.find('-');
    const auto first = to_number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : to_number(part.substr(dash + 1));
    if (!first || !last || *first > *last || *last > kLargest)
      throw UsageError(option, text, "not a list of numbers", remedy);
    for (std::uint64_t n = *first; n <= *last; ++n) numbers.push_back(static_cast<int>(n));
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::string format_size(Bytes size) {
  static constexpr std::array<std::string_view, 5> kNames{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(size.count);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  const double shown = std::round(value * 10) / 10;
  return fmt::format("{} {}", shown, kNames[unit]);
}

std::string format_duration(Nanoseconds time) {
  const double ns = static_cast<double>(time.count());
  const double size = std::abs(ns);
  if (size < 1e3) return fmt::format("{:.4g} ns", ns);
  if (size < 1e6) return fmt::format("{:.4g} us", ns / 1e3);
  if (size < 1e9) return fmt::format("{:.4g} ms", ns / 1e6);
  if (size < 120e9) return fmt::format("{:.4g} s", ns / 1e9);
  return fmt::format("{:.4g} min", ns / 60e9);
}

std::string format_list(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += last == i ? fmt::format("{}", numbers[i]) : fmt::format("{}-{}", numbers[i], numbers[last]);
    i = last + 1;
  }
  return text;
}

std::string format_figure(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  if (size >= 1e12) return fmt::format("{:.3g}", value);
  if (size >= 1e9) return fmt::format("{:.4g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
  if (size >= 1e5) return fmt::format("{:.4g}K", value / 1e3);
  if (size == std::floor(size)) return fmt::format("{:.0f}", value);
  if (size >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    // Levenshtein distance, one row at a time.
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t above = row[j];
        const std::size_t replaced = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        row[j] = std::min({replaced, above + 1, row[j - 1] + 1});
        diagonal = above;
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace tlbstorm::os
