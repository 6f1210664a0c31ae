// SPDX-License-Identifier: Apache-2.0
// Rows of a comparison share its alpha.
#include "harness/compare/correction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using ::testing::HasSubstr;

MetricChange row(const std::string& name, double base, double next, std::size_t trials) {
  return compare_values({name, "x", trial::Better::lower}, around(base, trials), around(next, trials), {});
}

TEST(Correction, SingleRowHasAllOfIt) {
  std::vector<MetricChange> rows{row("ipis_per_page", 1, 1.2, 4)};
  EXPECT_EQ(correct(rows, "ipis_per_page", {}), "");
  EXPECT_EQ(rows[0].verdict, Verdict::worse) << "p is 0.029";
}

TEST(Correction, PrimaryMetricHasFourFifthsOfIt) {
  std::vector<MetricChange> rows{row("ns_per_page", 1, 1.2, 4), row("ipis_per_page", 1, 1.2, 4)};
  EXPECT_EQ(correct(rows, "ipis_per_page", {}),
            "verdicts at 4% on ipis_per_page, at 1% on all other rows together (Holm)");
  EXPECT_EQ(rows[1].verdict, Verdict::worse);
  EXPECT_EQ(rows[0].verdict, Verdict::unsure) << "4 trials a side can't show p = 0.01";
  EXPECT_GE(rows[0].runs_needed, 5u);
}

TEST(Correction, OtherRowsShareTheRest) {
  std::vector<MetricChange> rows{row("ipis_per_page", 1, 1, 6)};
  for (int i = 0; i < 5; ++i) rows.push_back(row("x" + std::to_string(i), 1, i == 0 ? 2 : 1, 6));
  ASSERT_EQ(rows[1].verdict, Verdict::worse);
  correct(rows, "ipis_per_page", {});
  EXPECT_EQ(rows[1].verdict, Verdict::unsure) << "0.0022 of five rows is 0.011";
  std::vector<MetricChange> fewer(rows.begin(), rows.begin() + 4);
  fewer[1] = row("x0", 1, 2, 6);
  correct(fewer, "ipis_per_page", {});
  EXPECT_EQ(fewer[1].verdict, Verdict::worse);
}

TEST(Correction, SameStaysTheSame) {
  std::vector<MetricChange> rows;
  for (int i = 0; i < 50; ++i) rows.push_back(row("x" + std::to_string(i), 1, 1.001, 6));
  EXPECT_THAT(correct(rows, "none", {}), HasSubstr("at 5% over all rows together"));
  for (const MetricChange& one : rows) EXPECT_EQ(one.verdict, Verdict::same);
}

// Forty rows that did not change, of ten trials a side: without the correction most comparisons call some of
// them better or worse.
TEST(Correction, OneComparisonInTwentyIsWrongAtMost) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(1, 0.05);
  const auto values = [&] {
    std::vector<double> drawn(10);
    for (double& value : drawn) value = normal(random);
    return drawn;
  };
  constexpr int kComparisons = 200;
  int wrong = 0, raw = 0;
  const auto answers = [](const std::vector<MetricChange>& rows) {
    return std::any_of(rows.begin(), rows.end(), [](const MetricChange& one) {
      return one.verdict != Verdict::same && one.verdict != Verdict::unsure;
    });
  };
  for (int i = 0; i < kComparisons; ++i) {
    std::vector<MetricChange> rows;
    for (int j = 0; j < 40; ++j)
      rows.push_back(
          compare_values({"x" + std::to_string(j), "x", trial::Better::lower}, values(), values(), {}));
    raw += answers(rows) ? 1 : 0;
    correct(rows, "x0", {});
    wrong += answers(rows) ? 1 : 0;
  }
  EXPECT_GT(raw, kComparisons / 2);
  EXPECT_LE(wrong, kComparisons * 0.05 + 3 * std::sqrt(kComparisons * 0.05 * 0.95))
      << "three standard errors";
}

}  // namespace
}  // namespace tlbstorm::compare
