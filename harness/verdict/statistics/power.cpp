// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/statistics/power.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "harness/verdict/statistics/rank_tests.hpp"

namespace tlbstorm::verdict {
namespace {

double z(double q) { return boost::math::quantile(boost::math::normal{}, q); }
double sum_of_z(const Demand& demand) { return z(1 - demand.level / 2) + z(demand.power); }

/// The fewest trials a side whose best p is below the level.
std::size_t fewest(const Demand& demand) {
  std::size_t trials = 2;
  while (smallest_p(trials, trials) > demand.level) ++trials;
  return trials;
}

}  // namespace

std::size_t trials_needed(double change, double cv, const Demand& demand) {
  if (change == 0) return 0;
  // P(a value of one side exceeds one of the other) - 1/2, for normal noise.
  const double above =
      cv > 0 ? boost::math::cdf(boost::math::normal{}, std::abs(change) / cv / std::sqrt(2.0)) - 0.5 : 0.5;
  if (above <= 0) return std::numeric_limits<std::size_t>::max();
  const double total = std::pow(sum_of_z(demand), 2) / (3 * above * above);  // 12 c (1 - c) with c = 1/2
  const double a_side = std::ceil(total / 2);
  constexpr double kMany = 1e9;
  return std::max(fewest(demand), static_cast<std::size_t>(std::min(a_side, kMany)));
}

double smallest_change(std::size_t trials, double cv, const Demand& demand) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  if (trials < fewest(demand)) return kNever;
  const double above = sum_of_z(demand) / std::sqrt(6.0 * static_cast<double>(trials));
  if (above >= 0.5) return kNever;
  return cv * std::sqrt(2.0) * z(above + 0.5);
}

}  // namespace tlbstorm::verdict
