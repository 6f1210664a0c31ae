// SPDX-License-Identifier: Apache-2.0
// On which rung of the ladder of evidence two sides differ.
#include "harness/compare/ladder.hpp"

#include "tests/compare/made_sides.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::minutes_after_eight;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kMetric = "ipis_per_page";

record::RunFolder run(double value, std::size_t minute, const std::string& boot = "a") {
  record::RunFolder made;
  made.manifest.started = minutes_after_eight(minute);
  made.manifest.writer.boot_id = boot;
  for (int trial = 1; trial <= 3; ++trial) {
    made.manifest.trials.emplace_back().trial = trial;
    made.manifest.trials.back().valid = true;
  }
  made.series.push_back({kMetric, "IPIs/page", {{1, value}, {2, value}, {3, 100 * value}}});
  return made;
}

/// Runs of value 1, 2, 3 ... at these minutes.
Side side(const std::vector<std::size_t>& minutes, const std::string& boot = "a") {
  std::vector<record::RunFolder> runs;
  for (const std::size_t minute : minutes)
    runs.push_back(run(static_cast<double>(runs.size() + 1), minute, boot));
  return Side("side", std::move(runs));
}

Evidence of(const Side& base, const Side& next) { return evidence_of(base, next, kMetric, false); }

TEST(Ladder, ValueOfARunIsTheMedianOfItsTrials) {
  const Evidence evidence = of(side({0, 3, 4, 7}), side({1, 2, 5, 6}));
  EXPECT_EQ(evidence.rung, Rung::run);
  EXPECT_TRUE(evidence.decides());
  EXPECT_THAT(evidence.base_values, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(evidence.text(), "4 runs a side, in turn");
  EXPECT_EQ(evidence.why_not(), "");
}

TEST(Ladder, InTurnIsToldByWhenTheRunsBegan) {
  EXPECT_TRUE(of(side({0, 2, 4, 6}), side({1, 3, 5, 7})).in_turn) << "A B A B";
  EXPECT_TRUE(of(side({0, 3, 4, 7}), side({1, 2, 5, 6})).in_turn) << "A B B A";
  EXPECT_TRUE(of(side({0, 3, 4, 7}), side({1, 2, 6})).in_turn) << "one was lost";
  EXPECT_TRUE(of(side({0, 3, 4, 7, 8, 11, 12}), side({1, 2, 5, 6, 9, 10, 13, 14})).in_turn) << "the last was";
  EXPECT_FALSE(of(side({0, 1, 2, 5, 7, 9}), side({4, 6, 8, 10, 11, 12})).in_turn) << "one side is earlier";
  EXPECT_FALSE(of(side({0, 1, 2, 3}), side({4, 5, 6, 7})).in_turn) << "one after the other";
  EXPECT_FALSE(of(side({0, 1, 6, 7}), side({2, 3, 4, 5})).in_turn) << "A A B B B B A A";
  EXPECT_FALSE(of(side({0}), side({1})).in_turn) << "one of each is none of them";
}

TEST(Ladder, RunsThatWereNotInTurnAreOneOccasionASide) {
  const Evidence evidence = of(side({0, 1, 2, 3}), side({4, 5, 6, 7}));
  EXPECT_EQ(evidence.rung, Rung::occasion);
  EXPECT_EQ(evidence.base.size(), 1u);
  EXPECT_FALSE(evidence.decides());
  EXPECT_EQ(evidence.base_values.size(), 4u) << "described by the runs all the same";
  EXPECT_EQ(evidence.text(), "4 runs a side, one side after the other");
}

TEST(Ladder, OccasionsInTurnAreEvidence) {
  const std::size_t day = 1440;
  const Evidence evidence =
      of(side({0, 5, day, day + 5, 2 * day, 2 * day + 5, 3 * day, 3 * day + 5}),
         side({70, 75, day + 70, day + 75, 2 * day + 70, 2 * day + 75, 3 * day + 70, 3 * day + 75}));
  EXPECT_EQ(evidence.rung, Rung::occasion);
  EXPECT_THAT(evidence.base_values, ElementsAre(1.5, 3.5, 5.5, 7.5));
  EXPECT_EQ(evidence.text(), "4 occasions a side, in turn");
}

TEST(Ladder, SidesOfDifferentBootsHaveBootsForEvidence) {
  const Evidence one = of(side({0, 2, 4, 6}), side({1, 3, 5, 7}, "b"));
  EXPECT_EQ(one.rung, Rung::boot);
  EXPECT_EQ(one.text(), "1 boot a side");
  EXPECT_THAT(one.why_not(), HasSubstr("a boot has luck of its own"));
  std::vector<record::RunFolder> base, next;
  for (std::size_t boot = 0; boot < 5; ++boot) {
    for (std::size_t i = 0; i < 2; ++i) {
      base.push_back(run(1, 20 * boot + i, fmt::format("base {}", boot)));
      next.push_back(run(2, 20 * boot + 10 + i, fmt::format("new {}", boot)));
    }
  }
  const Evidence five = of(Side("base", base), Side("new", next));
  EXPECT_EQ(five.text(), "5 boots a side, in turn");
  EXPECT_TRUE(five.decides());
}

TEST(Ladder, MachinesThatDifferDecideNothing) {
  std::vector<record::RunFolder> others;
  for (const std::size_t minute : {1, 3, 5, 7}) {
    others.push_back(run(2, minute));
    others.back().manifest.topology = "4 CPUs, 1 socket, 1 NUMA node";
  }
  const Evidence evidence = of(side({0, 2, 4, 6}), Side("new", std::move(others)));
  EXPECT_EQ(evidence.rung, Rung::machine);
  EXPECT_FALSE(evidence.decides());
}

TEST(Ladder, FewRunsAreDescribedByTheirTrialsAndDecideNothing) {
  const Evidence evidence = of(side({0, 3}), side({1, 2}));
  EXPECT_TRUE(evidence.in_turn);
  EXPECT_EQ(evidence.base_values.size(), 6u);
  EXPECT_EQ(evidence.described_by, Rung::trial);
  EXPECT_EQ(evidence.why_not(), "2 runs a side are too few for a verdict");
}

TEST(Ladder, WhenARunBeganIsReadWithAndWithoutMilliseconds) {
  record::RunManifest manifest;
  const auto at = [&](const char* text) {
    manifest.started = text;
    return began(manifest);
  };
  ASSERT_TRUE(at("2026-11-27T14:00:00Z"));
  EXPECT_EQ(*at("2026-11-27T14:00:01.250Z") - *at("2026-11-27T14:00:00Z"), std::chrono::milliseconds(1250));
  EXPECT_TRUE(at("2026-01-02T03:04:05+00:00")) << "of Google Benchmark";
  EXPECT_FALSE(at(""));
  EXPECT_FALSE(at("yesterday"));
}

}  // namespace
}  // namespace tlbstorm::compare
