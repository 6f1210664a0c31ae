// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/rank_tests.hpp"

#include <array>
#include <limits>
#include <random>

#include "tests/stats/reference.hpp"

namespace tlbstorm::stats {
namespace {

constexpr std::array kTails{std::pair{Tail::either, "p_either"}, std::pair{Tail::lower, "p_lower"},
                            std::pair{Tail::higher, "p_higher"}};

TEST(MannWhitney, IsThatOfR) {
  for (const ReferenceRow& row : reference("mann_whitney")) {
    SCOPED_TRACE(row.line);
    const std::vector<double> base = row.values("base"), next = row.values("next");
    for (const auto& [tail, column] : kTails) {
      const auto test = mann_whitney(base, next, tail);
      EXPECT_EQ(test.statistic, row.value("u"));
      EXPECT_EQ(test.exact, row.text("method") != "normal");
      expect_same(test.p, row.value(column));
    }
  }
}

TEST(SignedRank, IsThatOfR) {
  for (const ReferenceRow& row : reference("signed_rank")) {
    SCOPED_TRACE(row.line);
    const std::vector<double> differences = row.values("differences");
    for (const auto& [tail, column] : kTails) {
      const auto test = signed_rank(differences, tail);
      EXPECT_EQ(test.statistic, row.value("v"));
      EXPECT_EQ(test.exact, row.text("method") != "normal");
      expect_same(test.p, row.value(column));
    }
  }
}

// Hollander and Wolfe, "Nonparametric Statistical Methods", 1973, p. 69: permeability of the human
// chorioamnion to water at term and at 12 to 26 weeks; W = 35, p = 0.1272 that it is higher at term.
TEST(MannWhitney, PermeabilityOfHollanderAndWolfe) {
  const std::vector<double> term{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
  const std::vector<double> earlier{1.15, 0.88, 0.90, 0.74, 1.21};
  const auto test = mann_whitney(earlier, term, Tail::higher);
  EXPECT_EQ(test.statistic, 35);
  EXPECT_NEAR(test.p, 0.1272, 0.00005);
}

const std::vector<double> kFirstVisit{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
const std::vector<double> kSecondVisit{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};

// Hollander and Wolfe, 1973, p. 29: depression by Hamilton's scale before and after a tranquilizer;
// V = 40, p = 0.01953 that it fell.
TEST(SignedRank, DepressionOfHollanderAndWolfe) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < kFirstVisit.size(); ++i)
    differences.push_back(kFirstVisit[i] - kSecondVisit[i]);
  const auto test = signed_rank(differences, Tail::higher);
  EXPECT_EQ(test.statistic, 40);
  EXPECT_NEAR(test.p, 0.01953, 0.000005);
}

std::vector<double> draw(std::mt19937_64& random, std::size_t n) {
  std::normal_distribution<double> normal;
  std::vector<double> values(n);
  for (double& value : values) value = normal(random);
  return values;
}

TEST(MannWhitney, SidesSwappedTellTheSameOfTheOtherTail) {
  std::mt19937_64 random(1);
  for (const std::size_t n : {1, 4, 9, 35}) {
    const auto base = draw(random, n), next = draw(random, n + 3);
    EXPECT_DOUBLE_EQ(mann_whitney(base, next).p, mann_whitney(next, base).p);
    EXPECT_DOUBLE_EQ(mann_whitney(base, next, Tail::lower).p, mann_whitney(next, base, Tail::higher).p);
    EXPECT_EQ(mann_whitney(base, next).statistic + mann_whitney(next, base).statistic,
              static_cast<double>(n * (n + 3)));
  }
}

TEST(MannWhitney, OnlyTheOrderCounts) {
  const std::vector<double> base{1, 4, 2, 8}, next{3, 9, 7, 16, 16};
  std::vector<double> far_base, far_next;
  for (const double value : base) far_base.push_back(std::exp(value));
  for (const double value : next) far_next.push_back(std::exp(value));
  EXPECT_EQ(mann_whitney(base, next).p, mann_whitney(far_base, far_next).p);
}

TEST(MannWhitney, WithoutValuesOrWithEqualOnesNothingDiffers) {
  EXPECT_EQ(mann_whitney({}, {}).p, 1);
  EXPECT_EQ(mann_whitney(std::vector<double>{1}, {}).p, 1);
  EXPECT_EQ(mann_whitney(std::vector<double>(5, 3.0), std::vector<double>(4, 3.0)).p, 1);
  EXPECT_EQ(mann_whitney(std::vector<double>(50, 3.0), std::vector<double>(50, 3.0)).p, 1);
}

TEST(MannWhitney, InfiniteValuesHaveTheirPlaceInTheOrder) {
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<double> base{1, 2, 3}, next{4, infinite, infinite}, finite{4, 5, 5};
  EXPECT_EQ(mann_whitney(base, next).p, mann_whitney(base, finite).p);
}

// p is to be at most x in a share x of comparisons at most: 2000 of 10 trials a side, where nothing differs.
TEST(MannWhitney, WhereNothingDiffersSmallValuesAreAsRareAsTheySay) {
  std::mt19937_64 random(3);
  constexpr int kTimes = 2000;
  std::map<double, int> found;
  for (int i = 0; i < kTimes; ++i) {
    const double p = mann_whitney(draw(random, 10), draw(random, 10)).p;
    for (const double level : {0.01, 0.05, 0.2, 0.5}) found[level] += p <= level;
  }
  for (const auto& [level, count] : found) {
    const double error = std::sqrt(level * (1 - level) / kTimes);
    EXPECT_LE(count, kTimes * (level + 3 * error)) << level;
    EXPECT_GE(count, kTimes * (level * 0.8 - 3 * error)) << level;  // so few values of p there are
  }
}

TEST(SignedRank, OppositeDifferencesTellTheSameOfTheOtherTail) {
  const std::vector<double> differences{1, -2, 4, 4, 7, 0, -1};
  std::vector<double> opposite;
  for (const double value : differences) opposite.push_back(-value);
  EXPECT_EQ(signed_rank(differences).p, signed_rank(opposite).p);
  EXPECT_EQ(signed_rank(differences, Tail::lower).p, signed_rank(opposite, Tail::higher).p);
}

TEST(SignedRank, ZerosTellNothing) {
  EXPECT_EQ(signed_rank({}).p, 1);
  EXPECT_EQ(signed_rank(std::vector<double>(9, 0.0)).p, 1);
  EXPECT_EQ(signed_rank(std::vector<double>{0, 1, 2, 0, 3}).p, signed_rank(std::vector<double>{1, 2, 3}).p);
}

TEST(SmallestP, IsThatOfSidesThatDoNotOverlap) {
  for (const std::size_t base : {1, 2, 3, 5, 8})
    for (const std::size_t next : {1, 3, 4, 10}) {
      const std::vector<double> low(base, 1.0), high(next, 2.0);
      expect_same(smallest_p(base, next), mann_whitney(low, high).p);
      expect_same(smallest_p(base, next, Tail::higher), mann_whitney(low, high, Tail::higher).p);
    }
  EXPECT_NEAR(smallest_p(3, 3), 0.1, 1e-12);
  EXPECT_NEAR(smallest_p(5, 5), 0.0079, 0.00005);
  EXPECT_EQ(smallest_p(0, 5), 1);
}

TEST(SmallestP, OfPairsIsThatOfDifferencesOfOneSign) {
  for (const std::size_t pairs : {1, 2, 5, 12}) {
    const std::vector<double> differences(pairs, 1.0);
    expect_same(smallest_p_of_pairs(pairs), signed_rank(differences).p);
    expect_same(smallest_p_of_pairs(pairs, Tail::higher), signed_rank(differences, Tail::higher).p);
  }
}

TEST(Holm, IsThatOfR) {
  for (const ReferenceRow& row : reference("holm")) {
    SCOPED_TRACE(row.line);
    const std::vector<double> ours = holm(row.values("p")), theirs = row.values("corrected");
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) expect_same(ours[i], theirs[i]);
  }
}

// Benjamini and Hochberg, "Controlling the False Discovery Rate", 1995, section 3.2: of these 15 hypotheses
// Bonferroni's bound, and Holm's, rejects three.
TEST(Holm, RejectsTheThreeOfBenjaminiAndHochberg) {
  const std::vector<double> p{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                              0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const std::vector<double> corrected = holm(p);
  EXPECT_EQ(std::count_if(corrected.begin(), corrected.end(), [](double q) { return q <= 0.05; }), 3);
  EXPECT_DOUBLE_EQ(corrected[2], 13 * 0.0019);
}

TEST(Holm, OneTestNeedsNoCorrection) {
  EXPECT_EQ(holm(std::vector<double>{0.03}), std::vector<double>{0.03});
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace tlbstorm::stats
