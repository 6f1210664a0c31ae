// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/histogram.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "harness/trial/stall_log.hpp"

namespace tlbstorm::trial {
namespace {

using os::Nanoseconds;

TEST(Histogram, BucketsCoverTheRangeWithoutGapsAndAreNarrow) {
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    ASSERT_LT(Histogram::lower(i), Histogram::upper(i));
    ASSERT_EQ(Histogram::bucket(Histogram::lower(i)), i);
    ASSERT_EQ(Histogram::bucket(Histogram::upper(i) - 1), i);
    ASSERT_LE(Histogram::upper(i) - Histogram::lower(i),
              std::max<std::uint64_t>(1, Histogram::lower(i) / 64));
  }
}

TEST(Histogram, WhatIsTooLongOrNegativeStillCounts) {
  auto histogram = std::make_unique<Histogram>();
  histogram->record(std::chrono::hours{1});
  histogram->record(Nanoseconds{-5});
  EXPECT_EQ(histogram->count(Histogram::kBuckets - 1), 1u);
  EXPECT_EQ(histogram->count(0), 1u);
  EXPECT_EQ(histogram->max(), 3600000000000u);
}

TEST(Histogram, BucketOfTheLongestTimeEndsWithIt) {
  auto histogram = std::make_unique<Histogram>();
  histogram->record(Nanoseconds{1001});
  const std::size_t low = Histogram::bucket(1001), high = Histogram::bucket(64'005);
  EXPECT_EQ(histogram->end(low), 1002u);
  histogram->record(Nanoseconds{64'005});
  EXPECT_EQ(histogram->end(low), Histogram::upper(low));
  EXPECT_EQ(histogram->end(high), 64'006u);
}

TEST(Histogram, MergeAddsCountsAndKeepsTheMaximum) {
  auto a = std::make_unique<Histogram>(), b = std::make_unique<Histogram>();
  a->record(Nanoseconds{500});
  b->record(Nanoseconds{500});
  b->record(Nanoseconds{9000});
  a->merge(*b);
  EXPECT_EQ(a->count(Histogram::bucket(500)), 2u);
  EXPECT_EQ(a->max(), 9000u);
}

Gap gap(std::int64_t begin, std::int64_t end) { return {Nanoseconds{begin}, Nanoseconds{end}}; }

TEST(StallLog, KeepsGapsAboveItsThreshold) {
  auto log = std::make_unique<StallLog>();
  log->record(gap(0, 99'999));
  log->record(gap(100'000, 300'000));
  ASSERT_EQ(log->gaps().size(), 1u);
  EXPECT_EQ(log->gaps()[0].length(), Nanoseconds{200'000});
}

TEST(StallLog, ForgetsTheShortOnesWhenFull) {
  auto log = std::make_unique<StallLog>();
  for (std::size_t i = 0; i < StallLog::kCapacity; ++i) {
    const auto at = static_cast<std::int64_t>(i) * 1'000'000;
    log->record(gap(at, at + (i % 2 ? 150'000 : 900'000)));
  }
  log->record(gap(1'000'000'000'000, 1'000'001'000'000));
  EXPECT_EQ(log->threshold(), Nanoseconds{200'000});
  EXPECT_EQ(log->gaps().size(), StallLog::kCapacity / 2 + 1);
}

TEST(LongestCommonGap, IsTheLongestTimeThatAllWorkersStoodStill) {
  EXPECT_EQ(longest_common_gap({}), Nanoseconds{0});
  EXPECT_EQ(longest_common_gap({{gap(0, 10), gap(20, 50)}}), Nanoseconds{30});
  EXPECT_EQ(longest_common_gap({{gap(0, 10)}, {gap(10, 20)}}), Nanoseconds{0});
  EXPECT_EQ(longest_common_gap({{gap(0, 10), gap(20, 60)}, {gap(5, 30), gap(40, 55)}}), Nanoseconds{15});
  EXPECT_EQ(longest_common_gap({{gap(0, 100)}, {gap(10, 20), gap(30, 70)}, {gap(0, 60)}}), Nanoseconds{30});
  EXPECT_EQ(longest_common_gap({{gap(0, 100)}, {}}), Nanoseconds{0});
}

}  // namespace
}  // namespace tlbstorm::trial
