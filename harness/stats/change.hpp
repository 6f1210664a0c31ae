// SPDX-License-Identifier: Apache-2.0
// How much one side differs from the other: the shift of Hodges and Lehmann, the ratio, and the exact
// interval around each.
#pragma once

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

}  // namespace tlbstorm::stats
