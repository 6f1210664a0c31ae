// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/wrapping_count.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tlbstorm::probe {
namespace {

constexpr std::uint64_t kRange = std::uint64_t{1} << 32;

std::vector<double> follow(const std::vector<std::uint64_t>& readings) {
  WrappingCount count;
  std::vector<double> values;
  for (const std::uint64_t reading : readings) values.push_back(count.follow(reading));
  return values;
}

TEST(WrappingCount, IsAsTheKernelGivesItUntilItWraps) {
  EXPECT_EQ(follow({7, 7, 4'000'000'000, kRange - 1}),
            (std::vector<double>{7, 7, 4e9, static_cast<double>(kRange - 1)}));
}

TEST(WrappingCount, GoesOnRisingOverEachWrap) {
  const double range = kRange;
  EXPECT_EQ(follow({kRange - 10, 5, 3'000'000'000, 2, 2}),
            (std::vector<double>{range - 10, range + 5, range + 3e9, 2 * range + 2, 2 * range + 2}));
}

TEST(WrappingCount, ThatWasSetBackIsAbsentForGoodAndNotAWrap) {
  for (const std::uint64_t back : {0ULL, 5ULL, 999'999ULL}) {
    const auto values = follow({1'000'000, back, 2'000'000});
    EXPECT_EQ(values[0], 1e6);
    EXPECT_TRUE(std::isnan(values[1])) << back;
    EXPECT_TRUE(std::isnan(values[2])) << back;
  }
}

TEST(WrappingCount, OfAWiderKernelNeverWraps) {
  EXPECT_EQ(follow({kRange - 1, kRange + 1}).back(), static_cast<double>(kRange + 1));
  EXPECT_TRUE(std::isnan(follow({kRange + 1, 1}).back()));
}

}  // namespace
}  // namespace tlbstorm::probe
