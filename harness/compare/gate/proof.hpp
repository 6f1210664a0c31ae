// SPDX-License-Identifier: Apache-2.0
// How surely a metric lies beyond a bound: by the ranks of its units, where these are too few for that by
// Welch's t of units that lie far apart, and where there are fewer still by the floor of the machine.
#pragma once

#include <string>

#include "harness/compare/floor.hpp"
#include "harness/compare/gate/rule.hpp"
#include "harness/stats/change.hpp"

namespace tlbstorm::compare {

struct Proof {
  bool possible = false;  ///< whether this evidence could show it at all
  double p = 1;           ///< one-sided, to be held against the gate's alpha, once it is corrected
  std::string how = {};   ///< "Welch's t of units far apart"; empty: ranks
  /// By the floor: of the change, at 99%. NaN where it is not by the floor.
  stats::Interval interval = {std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::quiet_NaN()};
};

/// What Welch's t is held against in place of the gate's alpha: a tenth of it, as its values need not be
/// normal.
inline constexpr double kWelchIsStricter = 10;
/// So many times the larger side's range lies between the sides, or Welch's t says nothing. Nor does it of so
/// few units that two modes would come apart like that too often: it takes 4 a side for up to two rules, 5
/// for ten.
inline constexpr double kFarApart = 5;

/// `share` is what Holm's correction makes of a p at most: the number of questions that are asked together.
Proof prove(const Evidence& evidence, const std::optional<Floor>& floor, const Rule& rule, const Bound& bound,
            double alpha, double share);

}  // namespace tlbstorm::compare
