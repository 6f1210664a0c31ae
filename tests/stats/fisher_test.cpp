// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/fisher.hpp"

#include <gtest/gtest.h>

namespace tlbstorm::stats {
namespace {

TEST(Fisher, IsTheTeaTastingLadysChance) {
  // Fisher 1935: of eight cups four had milk first, and she named three of them: (16 + 1) / 70.
  EXPECT_NEAR(p_of_more({1, 4}, {3, 4}), 17.0 / 70, 1e-12);
  EXPECT_NEAR(p_of_more({0, 4}, {4, 4}), 1.0 / 70, 1e-12);
}

TEST(Fisher, AgreesWithCountingByHand) {
  EXPECT_NEAR(p_of_more({0, 10}, {5, 10}), 252.0 / 15504, 1e-12) << "C(10,5) of C(20,5)";
  EXPECT_NEAR(p_of_more({0, 5}, {5, 5}), 1.0 / 252, 1e-12);
  EXPECT_NEAR(p_of_more({2, 3}, {3, 3}), 0.5, 1e-12) << "the one good trial is as likely on either side";
}

TEST(Fisher, NothingIsNoEvidence) {
  EXPECT_EQ(p_of_more({0, 5}, {0, 5}), 1);
  EXPECT_EQ(p_of_more({0, 0}, {5, 5}), 1);
  EXPECT_EQ(p_of_more({5, 5}, {5, 5}), 1);
  EXPECT_EQ(p_of_more({5, 5}, {0, 0}), 1);
  EXPECT_EQ(p_of_more({3, 3}, {1, 3}), 1) << "the fewest that it can have";
}

}  // namespace
}  // namespace tlbstorm::stats
