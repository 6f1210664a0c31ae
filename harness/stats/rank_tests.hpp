// SPDX-License-Identifier: Apache-2.0
// Tests that look at the order of values only, so that no distribution need be assumed: Mann and Whitney's
// for two sides, Wilcoxon's for pairs, and Holm's correction where several are made.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "harness/stats/sample.hpp"

namespace tlbstorm::stats {

/// What is looked for in the second side: another place, a lower or a higher one.
enum class Tail { either, lower, higher };

struct Test {
  double p = 1;        ///< the chance of such an order, or one further out, if nothing differs
  bool exact = true;   ///< counted over all orders, ties and all; else by the normal approximation
  double statistic{};  ///< U of the second side, or the rank sum of positive differences
};

/// Mann and Whitney, 1947. Exact up to 60 values in all, by the distribution of the rank sum over all ways to
/// deal the values to the sides (Streitberg and Roehmel's shift algorithm, 1986, which allows for ties).
Test mann_whitney(Values base, Values next, Tail tail = Tail::either);

/// Wilcoxon's signed rank test, 1945, of differences new - base. Differences of zero tell nothing and are
/// left out. Exact up to 60 differences.
Test signed_rank(Values differences, Tail tail = Tail::either);

/// The largest number of means of pairs of differences (each with itself, too) that an interval for their
/// shift may leave out at either end: the largest k for which P(rank sum < k) is within alpha / 2. 0 when
/// there is none.
std::size_t means_left_out(std::size_t differences, double alpha);

/// The same of two sides: how many of the differences between a value of either the interval may leave out at
/// an end. From U's distribution without ties.
std::size_t differences_left_out(std::size_t base, std::size_t next, double alpha);

/// The smallest p that so many trials can show when the sides don't overlap at all.
double smallest_p(std::size_t base, std::size_t next, Tail tail = Tail::either);
double smallest_p_of_pairs(std::size_t pairs, Tail tail = Tail::either);

/// p values that may each be held against the alpha that all of them together are to keep: Holm, "A Simple
/// Sequentially Rejective Multiple Test Procedure", 1979.
std::vector<double> holm(std::span<const double> p);

}  // namespace tlbstorm::stats
