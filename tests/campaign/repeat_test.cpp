// SPDX-License-Identifier: Apache-2.0
// Runs again and again, in an order in which what drifts does so for all of them.
#include "harness/campaign/repeat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tlbstorm::campaign {
namespace {

using testing::ElementsAre;

BatchRun named(const std::string& name) { return {.name = name, .command = {}, .options = {}}; }

std::vector<std::string> names_of(const std::vector<BatchRun>& runs) {
  std::vector<std::string> names;
  for (const BatchRun& run : runs) names.push_back(run.name);
  return names;
}

TEST(Repeat, GoesRoundAfterRound) {
  const std::vector<BatchRun> runs = repeated({named("a"), named("b")}, 2);
  EXPECT_THAT(names_of(runs), ElementsAre("a-001", "b-001", "a-002", "b-002"));
  EXPECT_EQ(runs[3].point, "b");
}

TEST(Repeat, SidesTakeTurnsAndEachIsFirstAsOften) {
  const std::vector<BatchRun> runs = repeated({named("a"), named("b")}, {named("a"), named("b")}, 2);
  EXPECT_THAT(names_of(runs), ElementsAre("a-base-001", "a-new-001", "b-base-001", "b-new-001", "a-new-002",
                                          "a-base-002", "b-new-002", "b-base-002"));
  EXPECT_EQ(runs[4].value, "new");
  EXPECT_EQ(runs[4].point, "a");
}

}  // namespace
}  // namespace tlbstorm::campaign
