// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/change_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tlbstorm::compare {

std::string format_change(double change) {
  if (std::isnan(change)) return "-";
  constexpr double kLarge = 2;  // three times as much reads better as a factor
  if (change >= kLarge) return fmt::format("x{:.3g}", 1 + change);
  const std::string text = fmt::format("{:+.1f}%", 100 * change);
  return text == "-0.0%" || text == "+0.0%" ? "0.0%" : text;
}

std::string format_interval(const stats::Interval& interval) {
  if (std::isnan(interval.low) || std::isnan(interval.high)) return "-";
  return fmt::format("{} .. {}", format_change(interval.low), format_change(interval.high));
}

std::string format_share(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.1f}%", 100 * share);
}

std::string format_p(double p) {
  constexpr double kSmall = 0.0001;
  return p < kSmall ? "<0.0001" : fmt::format("{:.2g}", p);
}

}  // namespace tlbstorm::compare
