// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/change_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tlbstorm::compare {

std::string format_change(double change, bool in_points) {
  if (std::isnan(change)) return "-";
  if (in_points) {
    const std::string points = fmt::format("{:+.1f} pp", 100 * change);
    return points == "-0.0 pp" || points == "+0.0 pp" ? "0.0 pp" : points;
  }
  constexpr double kLarge = 2;  // three times as much reads better as a factor
  if (change >= kLarge) return fmt::format("x{:.3g}", 1 + change);
  const std::string text = fmt::format("{:+.1f}%", 100 * change);
  return text == "-0.0%" || text == "+0.0%" ? "0.0%" : text;
}

std::string format_interval(const stats::Interval& interval, bool in_points) {
  if (std::isnan(interval.low) || std::isnan(interval.high)) return "-";
  return fmt::format("{} .. {}", format_change(interval.low, in_points),
                     format_change(interval.high, in_points));
}

std::string format_change(const MetricChange& change) {
  return format_change(change.change, change.metric.in_points());
}

std::string format_interval(const MetricChange& change) {
  return format_interval(change.interval, change.metric.in_points());
}

std::string format_share(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.1f}%", 100 * share);
}

std::string format_p(double p) {
  constexpr double kSmall = 0.0001;
  return p < kSmall ? "<0.0001" : fmt::format("{:.2g}", p);
}

}  // namespace tlbstorm::compare
