// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/power.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/owens_t.hpp>
#include <cmath>
#include <limits>

#include "harness/stats/rank_tests.hpp"

namespace tlbstorm::stats {
namespace {

constexpr std::size_t kMany = 1'000'000'000;  // trials that no one makes

/// The fewest trials a side whose best p is within alpha.
std::size_t fewest(const Demand& demand) {
  std::size_t trials = 2;
  while (smallest_p(trials, trials) > demand.alpha) ++trials;
  return trials;
}

/// The chance that so many trials a side find sides which are `distance` standard deviations apart.
double power(std::size_t trials, double distance, double alpha) {
  const boost::math::normal normal;
  const auto n = static_cast<double>(trials);
  // That one value of the far side is above one of the near side, and above two of them: two normal deviates
  // with the correlation 1/2.
  const double h = distance / std::sqrt(2.0);
  const double above_one = boost::math::cdf(normal, h);
  const double above_two = above_one - 2 * boost::math::owens_t(h, 1 / std::sqrt(3.0));
  const double if_same = n * std::sqrt((2 * n + 1) / 12);
  const double variance =
      n * n * (above_one * (1 - above_one) + 2 * (n - 1) * (above_two - above_one * above_one));
  const double margin =
      n * n * (above_one - 0.5) - 0.5 - boost::math::quantile(normal, 1 - alpha / 2) * if_same;
  if (variance <= 0) return margin > 0 ? 1 : 0;
  return boost::math::cdf(normal, margin / std::sqrt(variance));
}

}  // namespace

std::size_t trials_needed(double change, double cv, const Demand& demand) {
  if (change == 0) return 0;
  const double distance = cv > 0 ? std::abs(change) / cv : std::numeric_limits<double>::max();
  const auto finds = [&](std::size_t trials) {
    return power(trials, distance, demand.alpha) >= demand.power;
  };
  std::size_t too_few = fewest(demand) - 1, enough = too_few + 1;
  while (!finds(enough)) {
    if (enough >= kMany) return kMany;
    too_few = enough;
    enough *= 2;
  }
  while (enough - too_few > 1) {
    const std::size_t middle = too_few + (enough - too_few) / 2;
    (finds(middle) ? enough : too_few) = middle;
  }
  return enough;
}

double smallest_change(std::size_t trials, double cv, const Demand& demand) {
  constexpr double kFarthest = 40;  // standard deviations: sides that far apart never overlap
  if (trials < fewest(demand) || power(trials, kFarthest, demand.alpha) < demand.power)
    return std::numeric_limits<double>::infinity();
  double too_near = 0, enough = kFarthest;
  while (enough - too_near > 1e-9 * enough) {
    const double middle = (too_near + enough) / 2;
    (power(trials, middle, demand.alpha) >= demand.power ? enough : too_near) = middle;
  }
  return cv * enough;
}

}  // namespace tlbstorm::stats
