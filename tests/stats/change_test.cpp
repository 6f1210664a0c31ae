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
  const Interval plain = mann_whitney_interval(base, next, 0.05);
  const Interval scaled = mann_whitney_interval(times(base, 1024), times(next, 1024), 0.05);
  EXPECT_EQ(plain.low, scaled.low);
  EXPECT_EQ(plain.high, scaled.high);
}

TEST(Change, NoRatioWhereAValueIsNotPositive) {
  const std::vector<double> good{1, 2};
  for (const std::vector<double>& bad : {std::vector<double>{}, {0, 1}, {-1, 3}, {1, kInfinite}}) {
    EXPECT_TRUE(std::isnan(ratio(good, bad)));
    EXPECT_TRUE(std::isnan(ratio(bad, good)));
    EXPECT_TRUE(std::isnan(mann_whitney_interval(good, bad, 0.05).low));
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

}  // namespace
}  // namespace tlbstorm::stats
