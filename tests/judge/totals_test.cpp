// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/totals.hpp"

#include <gtest/gtest.h>

#include "harness/probe/probe.hpp"

namespace tlbstorm::judge {
namespace {

using probe::kAbsent;
using trial::Phase;
using trial::Stage;

Totals of(const std::vector<probe::Column>& columns) { return Totals(columns); }

void add(Totals& totals, Stage stage, double seconds, std::vector<double> values) {
  totals.add(stage, seconds, values);
}

TEST(Totals, GrowthBelongsToThePhaseThatBeganBeforeIt) {
  Totals totals = of({{"a", ""}});
  add(totals, {Phase::setup, 0}, 0, {100});
  add(totals, {Phase::warmup, 0}, 1, {110});
  add(totals, {Phase::warmup, 0}, 2, {120});
  add(totals, {Phase::measure, 0}, 3, {150});
  add(totals, {Phase::verify, 0}, 5, {250});
  add(totals, {Phase::done, 0}, 6, {251});
  EXPECT_EQ(totals.growth(totals.phase(Phase::setup), "a"), 10);
  EXPECT_EQ(totals.growth(totals.phase(Phase::warmup), "a"), 40);
  EXPECT_EQ(totals.growth(totals.phase(Phase::measure), "a"), 100);
  EXPECT_EQ(totals.phase(Phase::measure).seconds, 2);
  EXPECT_EQ(totals.whole("a"), 151);
}

TEST(Totals, RoundsAreKeptApartAndAddUp) {
  Totals totals = of({{"a", ""}});
  add(totals, {Phase::setup, 0}, 0, {0});
  add(totals, {Phase::warmup, 0}, 1, {1});
  add(totals, {Phase::setup, 1}, 2, {10});
  add(totals, {Phase::measure, 1}, 3, {11});
  add(totals, {Phase::setup, 2}, 4, {111});
  add(totals, {Phase::measure, 2}, 5, {112});
  add(totals, {Phase::setup, 3}, 6, {312});
  ASSERT_EQ(totals.rounds().size(), 2u);
  EXPECT_EQ(totals.growth(totals.rounds().at(1), "a"), 100);
  EXPECT_EQ(totals.growth(totals.rounds().at(2), "a"), 200);
  EXPECT_EQ(totals.growth(totals.phase(Phase::measure), "a"), 300);
}

TEST(Totals, CellLeftOutBetweenEdgesLosesNothing) {
  Totals totals = of({{"a", ""}});
  add(totals, {Phase::measure, 0}, 0, {5});
  add(totals, {Phase::measure, 0}, 1, {kAbsent});
  add(totals, {Phase::measure, 0}, 2, {9});
  add(totals, {Phase::measure, 0}, 3, {kAbsent});
  add(totals, {Phase::done, 0}, 4, {25});
  EXPECT_EQ(totals.growth(totals.phase(Phase::measure), "a"), 20);
}

TEST(Totals, ValueAbsentAtAnEdgeIsUnknownNotZero) {
  Totals totals = of({{"a", ""}, {"b", ""}});
  add(totals, {Phase::warmup, 0}, 0, {5, 1});
  add(totals, {Phase::measure, 0}, 1, {kAbsent, 2});
  add(totals, {Phase::verify, 0}, 2, {9, 4});
  add(totals, {Phase::done, 0}, 3, {10, 5});
  EXPECT_FALSE(totals.growth(totals.phase(Phase::warmup), "a"));
  EXPECT_FALSE(totals.growth(totals.phase(Phase::measure), "a"));
  EXPECT_EQ(totals.growth(totals.phase(Phase::verify), "a"), 1);
  EXPECT_EQ(totals.growth(totals.phase(Phase::measure), "b"), 2);
  EXPECT_FALSE(totals.whole("a"));
}

TEST(Totals, CounterThatFellHasNoGrowthInThatWindowAndInOthersIts) {
  Totals totals = of({{"a", ""}});
  add(totals, {Phase::warmup, 0}, 0, {100});
  add(totals, {Phase::measure, 0}, 1, {110});
  add(totals, {Phase::measure, 0}, 2, {5});
  add(totals, {Phase::verify, 0}, 3, {500});  // more than at the beginning: the fall was in between
  add(totals, {Phase::done, 0}, 4, {507});
  EXPECT_EQ(totals.growth(totals.phase(Phase::warmup), "a"), 10);
  EXPECT_FALSE(totals.growth(totals.phase(Phase::measure), "a"));
  EXPECT_EQ(totals.growth(totals.phase(Phase::verify), "a"), 7);
  EXPECT_TRUE(totals.fell("a"));
  EXPECT_FALSE(totals.whole("a"));
}

TEST(Totals, CounterThatFellInOneRoundHasNoGrowthOverAllOfThem) {
  Totals totals = of({{"a", ""}});
  add(totals, {Phase::measure, 1}, 0, {100});
  add(totals, {Phase::setup, 2}, 1, {90});
  add(totals, {Phase::measure, 2}, 2, {95});
  add(totals, {Phase::setup, 3}, 3, {99});
  EXPECT_FALSE(totals.growth(totals.rounds().at(1), "a"));
  EXPECT_EQ(totals.growth(totals.rounds().at(2), "a"), 4);
  EXPECT_FALSE(totals.growth(totals.phase(Phase::measure), "a"));
}

TEST(Totals, GaugeMayFall) {
  Totals totals = of({{"g", "", probe::Kind::gauge}});
  add(totals, {Phase::measure, 0}, 0, {100});
  add(totals, {Phase::measure, 0}, 1, {10});
  EXPECT_FALSE(totals.fell("g"));
}

TEST(Totals, UnknownColumnHasNoGrowth) {
  Totals totals = of({{"a", ""}});
  add(totals, {Phase::measure, 0}, 0, {1});
  EXPECT_FALSE(totals.growth(totals.phase(Phase::measure), "b"));
  EXPECT_FALSE(totals.has("b"));
}

TEST(Totals, MeanOfAGaugeIsOfItsSamplesInTheWindow) {
  Totals totals = of({{"g", "", probe::Kind::gauge}});
  add(totals, {Phase::setup, 0}, 0, {1000});
  add(totals, {Phase::measure, 0}, 1, {2000});  // the last sample of the setup
  add(totals, {Phase::measure, 0}, 2, {10});
  add(totals, {Phase::measure, 0}, 3, {kAbsent});
  add(totals, {Phase::verify, 0}, 4, {20});
  add(totals, {Phase::done, 0}, 5, {3000});
  EXPECT_EQ(totals.mean(totals.phase(Phase::measure), "g"), 15);
  EXPECT_EQ(totals.mean(totals.phase(Phase::verify), "g"), 3000);
  EXPECT_EQ(totals.mean(totals.phase(Phase::warmup), "g"), std::nullopt);
  EXPECT_EQ(totals.mean(totals.phase(Phase::measure), "no such"), std::nullopt);
}

TEST(Totals, MeanOfRoundsIsOverAllOfThem) {
  Totals totals = of({{"g", "", probe::Kind::gauge}});
  add(totals, {Phase::setup, 0}, 0, {0});
  add(totals, {Phase::measure, 0}, 1, {0});
  add(totals, {Phase::setup, 1}, 2, {10});
  add(totals, {Phase::measure, 1}, 3, {0});
  add(totals, {Phase::setup, 2}, 4, {30});
  EXPECT_EQ(totals.mean(totals.phase(Phase::measure), "g"), 20);
  EXPECT_EQ(totals.mean(totals.rounds().at(0), "g"), 10);
}

}  // namespace
}  // namespace tlbstorm::judge
