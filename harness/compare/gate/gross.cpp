// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/gross.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ranges>

#include "harness/judge/emulation.hpp"
#include "harness/stats/sample.hpp"

namespace tlbstorm::compare {
namespace {

constexpr std::size_t kLeastTrials = 5, kLeastRuns = 3;
constexpr double kTimesOfACount = 1.5, kTimesOfATime = 3;

/// How many runs have a value, and all of them.
struct Amount {
  std::size_t runs = 0;
  std::vector<double> values;
};
Amount amount_of(const ValuesByRun& runs) {
  Amount all;
  for (const std::vector<double>& values : runs) {
    all.runs += values.empty() ? 0 : 1;
    all.values.insert(all.values.end(), values.begin(), values.end());
  }
  return all;
}

bool is_enough(const Amount& side) { return side.values.size() >= kLeastTrials || side.runs >= kLeastRuns; }

}  // namespace

std::optional<std::string> gross_change(const ValuesByRun& base, const ValuesByRun& next,
                                        const MetricInfo& metric, const Rule& rule, double bound) {
  Amount before = amount_of(base);
  const Amount after = amount_of(next);
  if (!is_enough(before) || !is_enough(after) || metric.in_points()) return std::nullopt;
  // From nothing on: what is less than matters counts as that.
  for (double& value : before.values) value = std::max(value, metric.least_change());
  if (std::ranges::min(before.values) <= 0) return std::nullopt;
  const double times = judge::depends_on_time(metric.name, metric.unit) ? kTimesOfATime : kTimesOfACount;
  const double at_bound = stats::median(before.values) * (1 + bound), middle = stats::median(after.values);
  const double gap = std::sqrt(times);
  const bool apart = rule.at_most ? std::ranges::min(after.values) > gap * std::ranges::max(before.values)
                                  : std::ranges::max(after.values) * gap < std::ranges::min(before.values);
  const bool far = rule.at_most ? middle >= times * at_bound : middle * times <= at_bound;
  if (!apart || !far) return std::nullopt;
  return fmt::format(
      "gross: each new value lies far from all of the base, and their middle {:.3g} times as far "
      "as the bound",
      rule.at_most ? middle / at_bound : at_bound / middle);
}

}  // namespace tlbstorm::compare
