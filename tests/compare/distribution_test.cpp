// SPDX-License-Identifier: Apache-2.0
// Histograms of single accesses: the same or not, as wholes.
#include "harness/compare/distribution.hpp"

#include <random>

#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::MadeRun;
using ::testing::IsEmpty;

class DistributionTest : public test::MadeRunsTest {
 protected:
  /// Trials whose accesses take about `ns`, each trial a bit longer or shorter than the others.
  static MadeRun run(double ns, int trials, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> apart(0.97, 1.03);
    MadeRun made = test::run_of_ipis(test::Values(static_cast<std::size_t>(trials), 1));
    for (int trial = 1; trial <= trials; ++trial) {
      const double own = ns * apart(random);
      for (int i = 0; i < 20; ++i)
        made.took(trial, std::round(own * std::pow(1.07, i)), 1 + (20 - i) * (20 - i));
    }
    return made;
  }
  /// Trials that differ much, with a small difference within each pair of them.
  static std::pair<MadeRun, MadeRun> pairs(int count) {
    MadeRun base = test::run_of_ipis(test::Values(static_cast<std::size_t>(count), 1)), next = base;
    for (int trial = 1; trial <= count; ++trial)
      for (int i = 0; i < 40; ++i) {
        const double ns = 1000 * (1 + 0.1 * (trial * 3 % count)) * std::pow(1.07, i);
        base.took(trial, std::round(ns), 1 + (40 - i) * i);
        next.took(trial, std::round(1.05 * ns), 1 + (40 - i) * i);
      }
    return {base, next};
  }
  std::vector<DistributionChange> compared(const MadeRun& base, const MadeRun& next,
                                           bool paired = false) const {
    return compare_distributions(read_side("base", {put("base", base)}), read_side("new", {put("new", next)}),
                                 paired);
  }
};

TEST_F(DistributionTest, SameTimesHaveAHighP) {
  const auto changes = compared(run(1000, 6, 1), run(1000, 6, 2));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].access, "read");
  EXPECT_EQ(changes[0].met, "major");
  EXPECT_GT(changes[0].p, 0.05);
  EXPECT_LT(changes[0].factor, 1.05);
}

TEST_F(DistributionTest, LongerTimesHaveALowPAndTheirFactor) {
  const auto changes = compared(run(1000, 6, 1), run(1500, 6, 2));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_LT(changes[0].p, 0.01);
  EXPECT_NEAR(changes[0].factor, 1.5, 0.05);
  ASSERT_EQ(changes[0].percentiles.size(), 4U);
  for (const PercentileChange& percentile : changes[0].percentiles)
    EXPECT_NEAR(percentile.next / percentile.base, 1.5, 0.1) << percentile.share;
}

TEST_F(DistributionTest, TailAloneIsFound) {
  const auto with_tail = [](unsigned seed, double ns) {
    MadeRun made = run(1000, 6, seed);
    for (int trial = 1; trial <= 6; ++trial) made.took(trial, ns + trial, 40);
    return made;
  };
  const auto change = compared(with_tail(1, 1e5), with_tail(2, 1e7)).at(0);
  EXPECT_LT(change.p, 0.01);
  EXPECT_NEAR(change.percentiles[0].next / change.percentiles[0].base, 1, 0.1) << "the median stays";
  EXPECT_GT(change.percentiles[3].next / change.percentiles[3].base, 50);
}

TEST_F(DistributionTest, PercentileThatHangsOnAFewAccessesOfATrialIsMarked) {
  MadeRun many = test::run_of_ipis({1}), few = many;
  many.took(1, 1000, 9990).took(1, 2000, 10);
  few.took(1, 1000, 990).took(1, 2000, 10);
  const auto marks = [&](const MadeRun& base, const MadeRun& next) {
    std::vector<bool> all;
    const auto distributions = compared(base, next);
    for (const PercentileChange& percentile : distributions.at(0).percentiles) all.push_back(percentile.few);
    return all;
  };
  EXPECT_EQ(marks(many, many), std::vector<bool>(4, false));
  EXPECT_EQ(marks(many, few), (std::vector<bool>{false, false, false, true}));
  EXPECT_EQ(marks(few, many), (std::vector<bool>{false, false, false, true}));
}

TEST_F(DistributionTest, FewTrialsCannotBeSure) {
  EXPECT_GT(compared(run(1000, 2, 1), run(9000, 2, 2)).at(0).p, 0.2) << "one deal of three is as extreme";
}

TEST_F(DistributionTest, PairsAreExchangedWithinThemselves) {
  const auto [base, next] = pairs(8);
  EXPECT_GT(compared(base, next, false).at(0).p, 0.1) << "the trials differ more than the sides";
  EXPECT_LT(compared(base, next, true).at(0).p, 0.02);
}

TEST_F(DistributionTest, PairIsLeftOutWhenOneOfItsTrialsIsInvalid) {
  auto [base, next] = pairs(10);
  EXPECT_LT(compared(base.invalid(2), next.invalid(7), true).at(0).p, 0.02);
}

TEST_F(DistributionTest, InvalidTrialsAreNoEvidence) {
  MadeRun next = run(1000, 6, 2);
  next.manifest["trials"].push_back({{"trial", 7}, {"outcome", "ok"}, {"valid", false}});
  next.took(7, 1e9, 1000000);
  EXPECT_LT(compared(run(1000, 6, 1), next).at(0).factor, 1.05);
}

TEST_F(DistributionTest, ClassThatOneSideLacksIsLeftOut) {
  EXPECT_THAT(compared(run(1000, 3, 1), test::run_of_ipis({1, 1, 1})), IsEmpty());
}

}  // namespace
}  // namespace tlbstorm::compare
