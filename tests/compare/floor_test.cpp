// SPDX-License-Identifier: Apache-2.0
// How far runs of the same lie apart, where the sides have too few runs to tell.
#include "harness/compare/floor.hpp"

#include "harness/compare/gate/gate.hpp"
#include "tests/compare/made_sides.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::minutes_after_eight;
using ::testing::HasSubstr;

constexpr const char* kOfFloor = "ipis_per_page";

/// Of five trials around `level`, cv 0.2% times `spread`.
record::RunFolder kept(double level, std::size_t minute, double spread = 1) {
  record::RunFolder made;
  made.manifest.plan.workload = "pageout";
  made.manifest.started = minutes_after_eight(minute);
  record::Series series{kOfFloor, "IPIs/page", {}};
  for (int trial = 1; trial <= 5; ++trial) {
    made.manifest.trials.emplace_back().trial = trial;
    made.manifest.trials.back().valid = true;
    series.by_trial[trial] = level * (1 + 0.001 * spread * (trial - 3));
  }
  made.series.push_back(series);
  return made;
}

Side alone(record::RunFolder one) {
  std::vector<record::RunFolder> runs;
  runs.push_back(std::move(one));
  return Side("side", std::move(runs));
}

/// Eight runs that differ by about 1%, so many minutes apart.
Floors floors(std::size_t apart, std::size_t runs = 8) {
  std::vector<record::RunFolder> all;
  for (std::size_t i = 0; i < runs; ++i)
    all.push_back(kept(1 + 0.01 * static_cast<double>(i % 3), apart * i));
  return Floors(std::move(all));
}

RuleResult judged(double times, const Floors& floors, double spread = 1) {
  const Side base = alone(kept(1, 0)), next = alone(kept(times, 100, spread));
  const GatePair pair{"", &base, &next};
  const std::vector<Rule> rules{parse_rule("ipis_per_page <= +2%")};
  return judge(std::span(&pair, 1), rules, {.floors = floors}).results.at(0);
}

TEST(Floor, OneRunASideFailsBeyondTheBoundAndTheFloorOfOccasions) {
  EXPECT_EQ(judged(1.03, floors(61)).ruling, Ruling::unsure) << judged(1.03, floors(61)).why;
  const RuleResult far = judged(1.2, floors(61));
  EXPECT_EQ(far.ruling, Ruling::fail) << far.why;
  EXPECT_THAT(far.why, HasSubstr("; 1 run a side, by the floor of 8 occasions (0.8"));
  EXPECT_LT(far.interval.low, 0.18) << "wider than what five trials say";
}

TEST(Floor, OfOneOccasionSaysNothingOfTwo) {
  EXPECT_EQ(judged(1.2, floors(5)).ruling, Ruling::unsure);
  EXPECT_EQ(judged(1.2, floors(61, 5)).ruling, Ruling::unsure) << "five are too few";
}

TEST(Floor, OfOtherWorkIsNone) {
  std::vector<record::RunFolder> others;
  for (std::size_t i = 0; i < 8; ++i) {
    others.push_back(kept(1, 61 * i));
    others.back().manifest.plan.workload = "file-cache";
  }
  EXPECT_EQ(judged(1.2, Floors(std::move(others))).ruling, Ruling::unsure);
}

TEST(Floor, OfShorterTrialsIsNone) {
  std::vector<record::RunFolder> shorter;
  for (std::size_t i = 0; i < 8; ++i) {
    shorter.push_back(kept(1, 61 * i));
    shorter.back().manifest.plan.duration = std::chrono::seconds(1);
  }
  EXPECT_EQ(judged(1.2, Floors(std::move(shorter))).ruling, Ruling::unsure);
}

TEST(Floor, TrialsThatSpreadMoreThanItsOwnLeaveNoVerdict) {
  EXPECT_EQ(judged(1.2, floors(61), 20).ruling, Ruling::unsure);
}

TEST(Floor, FewRunsInTurnGoByTheFloorOfRuns) {
  std::vector<record::RunFolder> base, next;
  for (const std::size_t minute : {0, 3}) base.push_back(kept(1, minute));
  for (const std::size_t minute : {1, 2}) next.push_back(kept(1.2, minute));
  const Side before("base", std::move(base)), after("new", std::move(next));
  const GatePair pair{"", &before, &after};
  const std::vector<Rule> rules{parse_rule("ipis_per_page <= +2%")};
  const RuleResult result = judge(std::span(&pair, 1), rules, {.floors = floors(5)}).results.at(0);
  EXPECT_EQ(result.ruling, Ruling::fail) << result.why;
  EXPECT_THAT(result.why, HasSubstr("2 runs a side, in turn, by the floor of 8 runs"));
}

/// t of 99.5% at 7 degrees of freedom is 3.499 (any table).
TEST(Floor, MarginIsStudentsT) {
  const Floor floor{.units = 8, .deviation = 0.01};
  EXPECT_NEAR(floor.margin(1, 1, 0.005), 3.499 * 0.01 * std::sqrt(2.0), 1e-5);
  EXPECT_NEAR(floor.margin(2, 4, 0.005), 3.499 * 0.01 * std::sqrt(0.75), 1e-5);
  EXPECT_NEAR(floor.p_of(floor.margin(3, 3, 0.01), 3, 3), 0.01, 1e-9);
}

}  // namespace
}  // namespace tlbstorm::compare
