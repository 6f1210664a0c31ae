// SPDX-License-Identifier: Apache-2.0
// How much one side differs from the other: the shift of Hodges and Lehmann, the ratio, and a bootstrap
// interval around each.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/stats/sample.hpp"

namespace tlbstorm::stats {

struct Interval {
  double low = 0, high = 0;
  bool contains(double value) const { return low <= value && value <= high; }
};

/// The median of all differences between a value of `next` and one of `base`: Hodges and Lehmann, "Estimates
/// of Location Based on Rank Tests", 1963. This and the two below are NaN without values or with infinite
/// ones.
double shift(Values base, Values next);
/// The median of all quotients, which is what the shift is for logarithms. NaN unless all values are
/// positive.
double ratio(Values base, Values next);
/// The median of the means of all pairs of differences, themselves among them: the shift of paired trials.
double paired_shift(Values differences);

/// An interval for the shift of paired trials, from the signed rank test: the shifts that it would not
/// refuse. Exact up to 60 pairs. NaN when so few pairs have no interval of that alpha (Hollander, Wolfe and
/// Chicken, "Nonparametric Statistical Methods", 3rd edition, 3.3). `alpha` is the rate of misses: 0.05.
Interval signed_rank_interval(Values differences, double alpha);
/// The same for the ratio of two sides, from Mann and Whitney's test: exact up to 60 values in all, without
/// ties. NaN unless all values are positive.
Interval mann_whitney_interval(Values base, Values next, double alpha);
/// The same for their shift, whatever the values.
Interval mann_whitney_shift_interval(Values base, Values next, double alpha);

using Statistic = std::function<double(Values base, Values next)>;

/// How an interval is made. Fixed, so that the same data always give the same interval.
struct Resampling {
  double confidence = 0.95;
  std::size_t replicates = 2000;
  std::uint64_t seed = 1;
};

/// Bias-corrected and accelerated: Efron, "Better Bootstrap Confidence Intervals", 1987; for two samples as
/// in Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, 14.3, each resampled within itself.
/// With fewer than two values on a side, or where the statistic is not finite, both ends are NaN. Of few
/// trials it covers less than it says: docs/statistics.md says how much.
Interval bca_interval(Values base, Values next, const Statistic& statistic, const Resampling& how = {});
/// The same of one sample.
Interval bca_interval(Values values, const std::function<double(Values)>& statistic,
                      const Resampling& how = {});

}  // namespace tlbstorm::stats
