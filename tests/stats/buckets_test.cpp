// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/buckets.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "harness/judge/metrics.hpp"
#include "harness/trial/histogram.hpp"

namespace tlbstorm::stats {
namespace {

using Buckets = std::vector<Bucket>;

TEST(QuantileOfBuckets, IsTheValueItselfWhereABucketHoldsOneValue) {
  Buckets buckets;
  for (int value = 1; value <= 100; ++value) buckets.push_back({double(value), double(value + 1), 1});
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 0.5), 50);
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 0.99), 99);
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 1), 100);
}

TEST(QuantileOfBuckets, IsLinearWithinABucket) {
  const Buckets buckets{{0, 1, 50}, {1000, 1101, 100}, {2000, 2001, 50}};
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 0.25), 0);
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 0.375), 1025);
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 0.5), 1050);
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 0.75), 1100);
  EXPECT_DOUBLE_EQ(quantile_of_buckets(buckets, 0.76), 2000);
}

TEST(QuantileOfBuckets, WithoutValuesIsNone) {
  EXPECT_TRUE(std::isnan(quantile_of_buckets({}, 0.5)));
  EXPECT_TRUE(std::isnan(quantile_of_buckets(Buckets{{1, 2, 0}}, 0.5)));
}

TEST(QuantileOfBuckets, OfAHistogramRisesWithItsShareAndEndsAtTheLargestValue) {
  std::mt19937 random(1);
  for (const int count : {1, 2, 7, 1000}) {
    auto histogram = std::make_unique<trial::Histogram>();
    std::lognormal_distribution<double> times(10, 3);
    for (int i = 0; i < count; ++i)
      histogram->record(os::Nanoseconds{static_cast<std::int64_t>(times(random))});
    double before = 0;
    for (const double q : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999}) {
      const double value = judge::percentile(*histogram, q);
      EXPECT_GE(value, before) << q;
      EXPECT_LE(value, static_cast<double>(histogram->max())) << q << " of " << count;
      before = value;
    }
    EXPECT_EQ(judge::percentile(*histogram, 1), static_cast<double>(histogram->max()));
  }
}

/// The p99.99 of published runs was above the maximum: it was the middle of the last bucket.
TEST(QuantileOfBuckets, OfAHistogramIsNoLongerThanTheLongestTimeThatWasTaken) {
  auto histogram = std::make_unique<trial::Histogram>();
  for (int i = 0; i < 100; ++i) histogram->record(os::Nanoseconds{1000});
  histogram->record(os::Nanoseconds{297'836'050});
  EXPECT_LE(judge::percentile(*histogram, 0.9999), 297'836'050);
  EXPECT_GT(judge::percentile(*histogram, 0.9999), 290'000'000);
  EXPECT_EQ(judge::percentile(*histogram, 1), 297'836'050);
}

TEST(QuantileOfBuckets, OfAHistogramOfWhatIsBeyondItsRangeIsKnownToo) {
  auto histogram = std::make_unique<trial::Histogram>();
  histogram->record(std::chrono::hours{1});
  EXPECT_EQ(judge::percentile(*histogram, 1), 3.6e12);
}

TEST(RestsOnFew, IsBelowTenValuesBeyondTheQuantile) {
  EXPECT_TRUE(rests_on_few(19, 0.5));
  EXPECT_FALSE(rests_on_few(20, 0.5));
  EXPECT_TRUE(rests_on_few(99, 0.9));
  EXPECT_FALSE(rests_on_few(100, 0.9));
  EXPECT_TRUE(rests_on_few(99'999, 0.9999));
  EXPECT_FALSE(rests_on_few(100'000, 0.9999));
}

}  // namespace
}  // namespace tlbstorm::stats
