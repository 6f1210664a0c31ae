// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/power.hpp"

#include <limits>
#include <random>

#include "harness/stats/rank_tests.hpp"
#include "tests/stats/reference.hpp"

namespace tlbstorm::stats {
namespace {

// R's simulation of the exact test says that the power is met: 20000 comparisons, whose standard error is
// 0.3%. Noether's formula of 1987, which takes the variance of U for that of sides that are the same, asks
// for up to two trials more.
TEST(TrialsNeeded, AreThoseOfRAndEnoughWhenSimulated) {
  for (const ReferenceRow& row : reference("power")) {
    SCOPED_TRACE(row.line);
    const std::size_t trials = trials_needed(0.01 * row.value("distance"), 0.01);
    EXPECT_EQ(trials, row.value("lehmann"));
    EXPECT_GE(row.value("simulated"), 0.79);
    EXPECT_LE(trials, row.value("noether"));
    EXPECT_GE(static_cast<double>(trials) + 2, row.value("noether"));
  }
}

double found(std::size_t trials, double change, double cv, int times) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(1, cv);
  int count = 0;
  for (int i = 0; i < times; ++i) {
    std::vector<double> base(trials), next(trials);
    for (double& value : base) value = noise(random);
    for (double& value : next) value = noise(random) + change;
    count += mann_whitney(base, next).p <= 0.05;
  }
  return static_cast<double>(count) / times;
}

TEST(TrialsNeeded, OurOwnTestFindsTheChangeAsOftenAsDemanded) {
  for (const double change : {0.03, 0.015, 0.01})
    EXPECT_GE(found(trials_needed(change, 0.01), change, 0.01, 1000), 0.8 - 3 * 0.013) << change;
}

TEST(TrialsNeeded, MoreForLessChangeAndForMoreNoiseAndForMoreDemanded) {
  EXPECT_GT(trials_needed(0.01, 0.02), trials_needed(0.02, 0.02));
  EXPECT_GT(trials_needed(0.01, 0.02), trials_needed(0.01, 0.01));
  EXPECT_GT(trials_needed(0.01, 0.01, {.power = 0.95}), trials_needed(0.01, 0.01));
  EXPECT_GT(trials_needed(0.01, 0.01, {.alpha = 0.01}), trials_needed(0.01, 0.01));
  EXPECT_EQ(trials_needed(-0.01, 0.01), trials_needed(0.01, 0.01));
}

TEST(TrialsNeeded, NeverFewerThanCanShowTheLevel) {
  EXPECT_EQ(trials_needed(0.5, 0.001), 4u);
  EXPECT_EQ(trials_needed(0.1, 0), 4u);
  EXPECT_EQ(trials_needed(0.1, 0, {.alpha = 0.1}), 3u);
}

TEST(TrialsNeeded, TablesOfTheDocumentAreOurs) {
  const std::map<double, std::vector<std::size_t>> by_cv{{0.005, {7, 4, 4, 4, 4}},
                                                         {0.01, {18, 7, 4, 4, 4}},
                                                         {0.02, {68, 18, 5, 4, 4}},
                                                         {0.05, {413, 105, 18, 7, 4}},
                                                         {0.1, {1646, 413, 68, 18, 7}}};
  for (const auto& [cv, trials] : by_cv) {
    std::vector<std::size_t> ours;
    for (const double change : {0.01, 0.02, 0.05, 0.1, 0.2}) ours.push_back(trials_needed(change, cv));
    EXPECT_EQ(ours, trials) << cv;
  }
  const std::map<std::size_t, double> by_trials{{4, 3.16},  {5, 2.37},  {6, 2.01},  {8, 1.63},
                                                {10, 1.41}, {15, 1.11}, {20, 0.94}, {30, 0.76}};
  for (const auto& [trials, change] : by_trials) EXPECT_NEAR(smallest_change(trials, 1), change, 0.005);
}

TEST(TrialsNeeded, NoneForNoChangeAndBoundedForAlmostNone) {
  EXPECT_EQ(trials_needed(0, 0.01), 0u);
  EXPECT_LE(trials_needed(1e-12, 1), 1'000'000'000u);
}

TEST(SmallestChange, NeedsAsManyTrialsAsItIsOf) {
  for (const std::size_t trials : {4, 5, 8, 30, 500}) {
    const double change = smallest_change(trials, 0.02);
    EXPECT_EQ(trials_needed(change * 1.0001, 0.02), trials);
    EXPECT_GT(trials_needed(change * 0.95, 0.02), trials);
  }
}

TEST(SmallestChange, ThreeTrialsShowNone) {
  EXPECT_EQ(smallest_change(3, 0.01), std::numeric_limits<double>::infinity());
  EXPECT_EQ(smallest_change(0, 0.01), std::numeric_limits<double>::infinity());
  EXPECT_EQ(smallest_change(5, 0), 0);
}

}  // namespace
}  // namespace tlbstorm::stats
