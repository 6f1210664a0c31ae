// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "harness/stats/change.hpp"
#include "harness/stats/rank_tests.hpp"

namespace tlbstorm::stats {
namespace {

/// R 4.2.2: wilcox.test(y - x, conf.int = TRUE, conf.level = ...)$conf.int with the depression data of
/// ?wilcox.test (Hollander and Wolfe, 1973, p. 29).
TEST(SignedRankInterval, IsThatOfR) {
  const std::vector<double> before{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const std::vector<double> after{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  std::vector<double> differences;
  for (std::size_t i = 0; i < before.size(); ++i) differences.push_back(after[i] - before[i]);
  struct {
    double alpha, low, high;
  } const kOfR[] = {{0.05, -0.786, -0.010}, {0.1, -0.726, -0.175}, {0.01, -0.9870, 0.1135}};
  for (const auto& [alpha, low, high] : kOfR) {
    const Interval interval = signed_rank_interval(differences, alpha);
    EXPECT_NEAR(interval.low, low, 1e-9) << alpha;
    EXPECT_NEAR(interval.high, high, 1e-9) << alpha;
  }
}

/// set.seed(3); round(rnorm(14, .3), 3)
TEST(SignedRankInterval, IsThatOfRAtTheLevelsOfLaterLooks) {
  const std::vector<double> differences{-0.662, 0.007,  0.559, -0.852, 0.496,  0.330,  0.385,
                                        1.417,  -0.919, 1.567, -0.445, -0.831, -0.416, 0.553};
  const Interval interval = signed_rank_interval(differences, 1 - 0.9958333);
  EXPECT_NEAR(interval.low, -0.6820, 1e-9);
  EXPECT_NEAR(interval.high, 0.9565, 1e-9);
}

TEST(SignedRankInterval, FewPairsHaveNone) {
  const std::vector<double> five{1, 2, 3, 4, 5};
  EXPECT_TRUE(std::isnan(signed_rank_interval(five, 0.05).low)) << "the best p of five pairs is 0.0625";
  EXPECT_FALSE(std::isnan(signed_rank_interval(five, 0.0625).low));
}

TEST(SignedRankInterval, LeavesOutWhatTheTestRefuses) {
  const std::vector<double> differences{0.9, 1.1, -0.2, 2.1, 0.4, 0.35, 1.7, 0.8, 1.9};
  const Interval interval = signed_rank_interval(differences, 0.05);
  for (const double shift : {interval.low - 0.001, interval.high + 0.001}) {
    std::vector<double> moved = differences;
    for (double& value : moved) value -= shift;
    EXPECT_LE(signed_rank(moved).p, 0.05) << shift;
  }
}

/// R 4.2.2: the permeability data of ?wilcox.test (Hollander and Wolfe, 1973, p. 69), as
/// exp(wilcox.test(log(x), log(y), conf.int = TRUE, conf.level = ...)$conf.int)
TEST(MannWhitneyInterval, IsThatOfROfTheLogarithms) {
  const std::vector<double> x{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
  const std::vector<double> y{1.15, 0.88, 0.90, 0.74, 1.21};
  struct {
    double alpha, low, high;
  } const kOfR[] = {{0.05, 0.859504132231, 1.95945945946},
                    {0.1, 0.909090909091, 1.82222222222},
                    {0.01, 0.695652173913, 2.14772727273}};
  for (const auto& [alpha, low, high] : kOfR) {
    const Interval interval = mann_whitney_interval(y, x, alpha);
    EXPECT_NEAR(interval.low, low, 1e-9) << alpha;
    EXPECT_NEAR(interval.high, high, 1e-9) << alpha;
  }
}

TEST(MannWhitneyInterval, ThreeTrialsASideHaveNone) {
  const std::vector<double> base{1, 2, 3}, next{4, 5, 6}, zero{0, 1, 2};
  EXPECT_TRUE(std::isnan(mann_whitney_interval(base, next, 0.05).low));
  EXPECT_FALSE(std::isnan(mann_whitney_interval(base, next, 0.1).low));
  EXPECT_TRUE(std::isnan(mann_whitney_interval(zero, next, 0.1).low)) << "there is no ratio to zero";
}

}  // namespace
}  // namespace tlbstorm::stats
