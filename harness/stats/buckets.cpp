// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/buckets.hpp"

#include <limits>

namespace tlbstorm::stats {

double quantile_of_buckets(std::span<const Bucket> buckets, double q) {
  double left = q * count_of_buckets(buckets);
  double value = std::numeric_limits<double>::quiet_NaN();
  for (const Bucket& bucket : buckets) {
    if (bucket.count <= 0) continue;
    const double largest = bucket.to - 1;
    if (left <= bucket.count) return bucket.from + (largest - bucket.from) * left / bucket.count;
    left -= bucket.count;
    value = largest;
  }
  return value;  // of the last bucket, if the sums were rounded
}

double count_of_buckets(std::span<const Bucket> buckets) {
  double count = 0;
  for (const Bucket& bucket : buckets) count += bucket.count;
  return count;
}

bool rests_on_few(double count, double q) {
  constexpr double kEnough = 10, kRounding = 1e-9;
  return count * (1 - q) < kEnough * (1 - kRounding);
}

}  // namespace tlbstorm::stats
