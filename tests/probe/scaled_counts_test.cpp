// SPDX-License-Identifier: Apache-2.0
// What a kernel would say of counters that take turns on the hardware, reading by reading.
#include "harness/probe/scaled_counts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "tests/probe/allocations.hpp"

namespace tlbstorm::probe {
namespace {

using namespace std::chrono_literals;

/// A group of one counter.
class OneCount : public ::testing::Test {
 protected:
  std::optional<double> add(os::Nanoseconds enabled, os::Nanoseconds running, std::uint64_t value) {
    return counts_.add(enabled, running, std::array{value});
  }
  double count() const { return counts_.count(0); }
  ScaledCounts counts_{1};
};

TEST_F(OneCount, IsAsItIsWhereItHadTheHardwareAllTheTime) {
  EXPECT_EQ(add(100ms, 100ms, 1000), 1);
  EXPECT_EQ(count(), 1000);
  EXPECT_EQ(add(200ms, 200ms, 1500), 1);
  EXPECT_EQ(count(), 1500);
}

TEST_F(OneCount, IsScaledUpByThePartOfTheTimeThatItHad) {
  EXPECT_EQ(add(100ms, 50ms, 1000), 0.5);
  EXPECT_EQ(count(), 2000);
}

/// perf stat -e A,B,C,D,E on a CPU with four counters: a thousand a millisecond, of which more and more were
/// counted. Scaled as a whole it would be 10000, 9380: -620.
TEST_F(OneCount, ScalesEachStretchByItsOwnPartAndSoNeverFalls) {
  EXPECT_EQ(add(10ms, 1ms, 1000), 0.1);
  EXPECT_EQ(count(), 10'000);
  EXPECT_EQ(add(12ms, 3ms, 2345), 1);
  EXPECT_EQ(count(), 11'345);
  EXPECT_LT(2345 * 12.0 / 3, 10'000) << "the whole scaled at once would have fallen";
  EXPECT_EQ(add(16ms, 5ms, 2345), 0.5);
  EXPECT_EQ(count(), 11'345) << "it ran and saw nothing";
}

TEST_F(OneCount, IsAbsentAfterAStretchWithoutATurnWhichTheNextOneMakesUpFor) {
  add(10ms, 10ms, 1000);
  EXPECT_EQ(add(20ms, 10ms, 1000), 0);
  EXPECT_TRUE(std::isnan(count()));
  EXPECT_EQ(add(30ms, 15ms, 1500), 0.25) << "5 of the 20 ms since it was known";
  EXPECT_EQ(count(), 3000);
}

TEST_F(OneCount, ThatNeverHadATurnIsNotZero) {
  EXPECT_EQ(add(100ms, 0ms, 0), 0);
  EXPECT_TRUE(std::isnan(count()));
}

TEST_F(OneCount, OfAProcessThatHasNotBegunIsZeroAndOfOneThatSleepsStays) {
  EXPECT_EQ(add(0ms, 0ms, 0), std::nullopt);
  EXPECT_EQ(count(), 0);
  add(10ms, 5ms, 100);
  EXPECT_EQ(add(10ms, 5ms, 100), std::nullopt);
  EXPECT_EQ(count(), 200);
}

TEST_F(OneCount, ThatCouldNotBeReadIsAbsentUntilItCan) {
  add(10ms, 10ms, 100);
  counts_.miss();
  EXPECT_TRUE(std::isnan(count()));
  add(30ms, 20ms, 200);
  EXPECT_EQ(count(), 300) << "what happened meanwhile is in it";
}

TEST_F(OneCount, ThatFellIsAbsentForGood) {
  add(10ms, 10ms, 1000);
  EXPECT_EQ(add(20ms, 20ms, 999), std::nullopt);
  EXPECT_TRUE(std::isnan(count()));
  add(30ms, 30ms, 5000);
  EXPECT_TRUE(std::isnan(count()));
}

TEST_F(OneCount, WhoseTimeFellIsAbsentForGood) {
  add(10ms, 10ms, 1000);
  EXPECT_EQ(add(20ms, 9ms, 1001), std::nullopt);
  add(30ms, 30ms, 5000);
  EXPECT_TRUE(std::isnan(count()));
}

TEST(ScaledCounts, OfAGroupAreScaledAlikeSoThatTheirRatiosStay) {
  ScaledCounts counts(3);
  counts.add(10ms, 2ms, std::array<std::uint64_t, 3>{100, 200, 0});
  counts.add(30ms, 12ms, std::array<std::uint64_t, 3>{400, 800, 7});
  EXPECT_EQ(counts.count(0), 100 * 5 + 300 * 2);
  EXPECT_EQ(counts.count(1), 2 * counts.count(0));
  EXPECT_EQ(counts.count(2), 14);
}

TEST(ScaledCounts, NeverFallWhateverPartOfTheTimeTheyGet) {
  std::mt19937 random(1);
  const auto up_to = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  ScaledCounts counts(2);
  os::Nanoseconds enabled{}, running{};
  std::array<std::uint64_t, 2> values{};
  std::array<double, 2> before{};
  for (int reading = 0; reading < 2000; ++reading) {
    const os::Nanoseconds stretch{up_to(1000)}, turn{up_to(static_cast<int>(stretch.count()))};
    enabled += stretch;
    running += turn;
    if (turn.count() > 0)
      for (auto& value : values) value += static_cast<std::uint64_t>(up_to(1000));
    counts.add(enabled, running, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(counts.count(i))) continue;
      EXPECT_GE(counts.count(i), before[i]);
      EXPECT_GE(counts.count(i), static_cast<double>(values[i]));
      before[i] = counts.count(i);
    }
  }
}

TEST(ScaledCounts, AllocateNothingWhenTheyAreRead) {
  ScaledCounts counts(2);
  const long before = test::allocations();
  counts.add(10ms, 5ms, std::array<std::uint64_t, 2>{1, 2});
  EXPECT_EQ(test::allocations() - before, 0);
}

}  // namespace
}  // namespace tlbstorm::probe
