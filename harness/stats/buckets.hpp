// SPDX-License-Identifier: Apache-2.0
// Values of which only is known in which buckets they lie, such as the times of accesses.
#pragma once

#include <span>

namespace tlbstorm::stats {

/// How many values there are from `from` on and below `to`. They are whole numbers.
struct Bucket {
  double from = 0, to = 0;
  double count = 0;
};

/// What the share `q` of the values does not exceed, linear within a bucket. Never above the largest value
/// where the last bucket ends with it. Of buckets in their order; NaN without values.
double quantile_of_buckets(std::span<const Bucket> buckets, double q);

double count_of_buckets(std::span<const Bucket> buckets);

/// Whether fewer than ten of so many values lie beyond the quantile: it rests on few of them then, and
/// another run may give another.
bool rests_on_few(double count, double q);

}  // namespace tlbstorm::stats
