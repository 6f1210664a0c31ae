// SPDX-License-Identifier: Apache-2.0
// One metric's values over the trials of one side, described.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tlbstorm::stats {

/// Values in any order, none of them NaN; a trial is one value.
using Values = std::span<const double>;

struct Description {
  std::size_t n = 0;
  double median = 0, mean = 0, min = 0, max = 0;  ///< NaN without values
  double cv = 0;  ///< standard deviation (n - 1) over the mean's amount; NaN below two values or at mean zero
  /// Indexes of values that stand apart. They are never left out, only told.
  std::vector<std::size_t> outliers;
};

Description describe(Values values);

/// NaN without values.
double median(Values values);

/// Linear between order statistics: type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages",
/// 1996.
double quantile(std::vector<double> values, double q);

/// Values whose distance from the median exceeds 3.5 / 0.6745 times the median of those distances: Iglewicz
/// and Hoaglin, "How to Detect and Handle Outliers", 1993. None where more than half of the values are equal.
std::vector<std::size_t> outliers(Values values);

}  // namespace tlbstorm::stats
