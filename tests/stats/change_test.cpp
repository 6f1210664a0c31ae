// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/change.hpp"

#include <limits>
#include <numeric>
#include <random>

#include "tests/stats/reference.hpp"

namespace tlbstorm::stats {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

std::vector<double> draw(std::mt19937_64& random, std::size_t n, double mean = 100, double deviation = 10) {
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<double> values(n);
  for (double& value : values) value = normal(random);
  return values;
}

std::vector<double> times(Values values, double factor) {
  std::vector<double> scaled;
  for (const double value : values) scaled.push_back(factor * value);
  return scaled;
}

TEST(Change, ShiftRatioAndPairedShiftAreThoseOfR) {
  for (const ReferenceRow& row : reference("hodges_lehmann")) {
    SCOPED_TRACE(row.line);
    const std::vector<double> base = row.values("base"), next = row.values("next");
    const std::string& kind = row.text("kind");
    const double ours = kind == "shift"   ? shift(base, next)
                        : kind == "ratio" ? ratio(base, next)
                                          : paired_shift(next);
    // Differences of values that agree in two digits lose those two.
    EXPECT_NEAR(ours, row.value("value"), 1e-12 * std::max(1.0, std::abs(row.value("value"))));
  }
}

// Hollander and Wolfe, 1973, p. 75 and p. 33: the shifts of their two examples (see rank_tests_test.cpp).
TEST(Change, ShiftsOfHollanderAndWolfe) {
  const std::vector<double> term{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
  const std::vector<double> earlier{1.15, 0.88, 0.90, 0.74, 1.21};
  EXPECT_NEAR(shift(earlier, term), 0.305, 1e-12);
  const std::vector<double> fall{0.952, -0.147, 1.022, 0.430, 0.620, 0.590, 0.490, -0.080, 0.010};
  EXPECT_NEAR(paired_shift(fall), 0.46, 1e-12);
}

TEST(Change, SidesSwappedGiveTheOppositeShiftAndTheInverseRatio) {
  std::mt19937_64 random(1);
  const auto base = draw(random, 7), next = draw(random, 9);
  EXPECT_DOUBLE_EQ(shift(base, next), -shift(next, base));
  EXPECT_DOUBLE_EQ(ratio(base, next), 1 / ratio(next, base));
}

TEST(Change, UnitsDoNotMatterToTheRatio) {
  std::mt19937_64 random(2);
  const auto base = draw(random, 6), next = draw(random, 8);
  EXPECT_DOUBLE_EQ(ratio(times(base, 1024), times(next, 1024)), ratio(base, next));
  EXPECT_DOUBLE_EQ(ratio(base, times(base, 4)) / ratio(base, base), 4);
  const Interval plain = bca_interval(base, next, &ratio);
  const Interval scaled = bca_interval(times(base, 1024), times(next, 1024), &ratio);
  EXPECT_EQ(plain.low, scaled.low);
  EXPECT_EQ(plain.high, scaled.high);
}

TEST(Change, NoRatioWhereAValueIsNotPositive) {
  const std::vector<double> good{1, 2};
  for (const std::vector<double>& bad : {std::vector<double>{}, {0, 1}, {-1, 3}, {1, kInfinite}}) {
    EXPECT_TRUE(std::isnan(ratio(good, bad)));
    EXPECT_TRUE(std::isnan(ratio(bad, good)));
    EXPECT_TRUE(std::isnan(bca_interval(good, bad, &ratio).low));
  }
}

TEST(Change, NoShiftWithoutValuesOrWithInfiniteOnes) {
  const std::vector<double> good{0, -2}, infinite{1, kInfinite};
  EXPECT_TRUE(std::isnan(shift(good, {})));
  EXPECT_TRUE(std::isnan(shift({}, good)));
  EXPECT_TRUE(std::isnan(shift(infinite, infinite)));
  EXPECT_TRUE(std::isnan(paired_shift({})));
  EXPECT_TRUE(std::isnan(paired_shift(infinite)));
  EXPECT_EQ(shift(good, good), 0);
}

/// 10000 replicates of ours are held against boot's 100000: between those of its replicates that the luck of
/// so many draws allows (make.R), which is some hundredths of the interval's width on either side.
constexpr std::size_t kReplicates = 10000;

void expect_end(double ours, const ReferenceRow& row, const std::string& end) {
  const double rounding = 1e-7 * std::abs(row.value("high") - row.value("low"));
  EXPECT_GE(ours, row.value(end + "_from") - rounding) << end;
  EXPECT_LE(ours, row.value(end + "_to") + rounding) << end;
}

void expect_interval(const Interval& ours, const ReferenceRow& row) {
  expect_end(ours.low, row, "low");
  expect_end(ours.high, row, "high");
}

double mean(Values values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Statistic statistic_of(const std::string& kind) {
  if (kind == "ratio") return ratio;
  if (kind == "shift") return shift;
  return [](Values base, Values next) { return mean(next) - mean(base); };
}

TEST(BcaInterval, IsThatOfBoot) {
  for (const ReferenceRow& row : reference("boot")) {
    SCOPED_TRACE(row.line);
    const Resampling how{.confidence = row.value("level"), .replicates = kReplicates};
    const std::vector<double> base = row.values("base"), next = row.values("next");
    if (row.text("kind") == "paired")
      expect_interval(bca_interval(next, &paired_shift, how), row);
    else
      expect_interval(bca_interval(base, next, statistic_of(row.text("kind")), how), row);
  }
}

double variance(Values values) {
  double squares = 0;
  for (const double value : values) squares += (value - mean(values)) * (value - mean(values));
  return squares / static_cast<double>(values.size());
}

// Efron and Tibshirani, 1993, table 14.2: the variance of the spatial test data A is 171.5, and BCa's 90%
// interval of 2000 replicates is (115.8, 259.6). Theirs and ours each have a standard error of about 2 below
// and 4 above.
TEST(BcaInterval, SpatialTestOfEfronAndTibshirani) {
  const std::vector<double> a{48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
                              0,  33, 28, 34, 4,  32, 24, 47, 41, 24, 26, 30, 41};
  EXPECT_NEAR(variance(a), 171.5, 0.05);
  const Interval interval = bca_interval(a, &variance, {.confidence = 0.9, .replicates = 20000});
  EXPECT_NEAR(interval.low, 115.8, 5);
  EXPECT_NEAR(interval.high, 259.6, 9);
}

TEST(BcaInterval, IsTheSameEachTime) {
  std::mt19937_64 random(3);
  const auto base = draw(random, 10), next = draw(random, 10);
  const Interval first = bca_interval(base, next, &shift), second = bca_interval(base, next, &shift);
  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
}

TEST(BcaInterval, HigherLevelIsWider) {
  std::mt19937_64 random(4);
  const auto base = draw(random, 10), next = draw(random, 10);
  const Interval narrow = bca_interval(base, next, &shift, {.confidence = 0.8});
  const Interval wide = bca_interval(base, next, &shift, {.confidence = 0.99});
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_GT(wide.high, narrow.high);
  EXPECT_TRUE(wide.contains(shift(base, next)));
}

TEST(BcaInterval, EqualValuesLeaveNoDoubt) {
  const std::vector<double> base(6, 0.1), next(5, 0.3);
  const Interval interval = bca_interval(base, next, &ratio);
  EXPECT_DOUBLE_EQ(interval.low, 3);
  EXPECT_EQ(interval.high, interval.low);
}

TEST(BcaInterval, OneValueOnASideLeavesAllDoubt) {
  const std::vector<double> one{5}, two{5, 6};
  EXPECT_TRUE(std::isnan(bca_interval(one, two, &shift).low));
  EXPECT_TRUE(std::isnan(bca_interval(two, one, &shift).high));
  EXPECT_TRUE(std::isnan(bca_interval(one, &paired_shift).low));
  EXPECT_TRUE(std::isnan(bca_interval({}, &paired_shift).low));
  EXPECT_FALSE(std::isnan(bca_interval(two, two, &shift).low));
}

TEST(BcaInterval, StatisticThatSomeReplicatesLackHasNone) {
  const auto inverse_spread = [](Values values) { return 1 / variance(values); };
  EXPECT_TRUE(std::isnan(bca_interval(std::vector<double>{1, 2, 3}, inverse_spread).low));
}

// A statistic that stays the same whichever value is left out has no skew to correct, though 1/3 or 0.3 is
// not the mean of seven such, rounded.
TEST(BcaInterval, RoundingIsNotTakenForSkew) {
  const std::vector<double> values{1, 2, 3, 4, 5, 6, 8};
  const auto interval_where_left_out = [&](double constant) {
    const auto statistic = [=](Values all) {
      return all.size() < 7 ? constant : std::accumulate(all.begin(), all.end(), 0.0);
    };
    return bca_interval(values, statistic);
  };
  const Interval exact = interval_where_left_out(0);
  for (const double constant : {0.1, 0.3, 1.0 / 3, 0.7, 1e6 / 3}) {
    EXPECT_EQ(interval_where_left_out(constant).low, exact.low) << constant;
    EXPECT_EQ(interval_where_left_out(constant).high, exact.high) << constant;
  }
}

// With so wide a level and one far value the formula of the ends passes its pole.
TEST(BcaInterval, StaysInOrderAtExtremeLevels) {
  const std::vector<double> values{1, 1, 1, 1, 1, 1, 1, 1000};
  const Interval interval = bca_interval(values, &mean, {.confidence = 1 - 1e-15});
  EXPECT_LE(interval.low, mean(values));
  EXPECT_GE(interval.high, mean(values));
}

}  // namespace
}  // namespace tlbstorm::stats
