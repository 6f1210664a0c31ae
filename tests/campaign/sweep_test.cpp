// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/sweep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/os/error.hpp"

namespace tlbstorm::campaign {
namespace {

using testing::ElementsAre;

template <typename Body>
std::string refusal(Body body) {
  try {
    body();
  } catch (const os::UsageError& error) {
    EXPECT_NE(error.hint(), "") << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(Sweep, ValuesAreRangesAndLists) {
  EXPECT_EQ(sweep_values("1..4", 8), (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(sweep_values("6..N", 8), (std::vector<std::string>{"6", "7", "8"}));
  EXPECT_EQ(sweep_values("1..64x4", 8), (std::vector<std::string>{"1", "4", "16", "64"}));
  EXPECT_EQ(sweep_values("a, b", 8), (std::vector<std::string>{"a", "b"}));
}

TEST(Sweep, RefusesEmptyEndlessAndRepeatedValues) {
  for (const char* const wrong :
       {"", ",", "1,,2", "1,", "1,1", "4..1", "1..", "..4", "1..x", "0..8x2", "1..8x1", "1..100001",
        "2..64x9223372036854775808", "1..100000", "-1..4", "1..4x"})
    EXPECT_NE(refusal([&] { sweep_values(wrong, 8); }), "accepted") << wrong;
}

TEST(SweepValues, AreRangesFactorsAndLists) {
  EXPECT_THAT(sweep_values("1..4", 8), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(sweep_values("2..N", 4), ElementsAre("2", "3", "4"));
  EXPECT_THAT(sweep_values("1..16x2", 8), ElementsAre("1", "2", "4", "8", "16"));
  EXPECT_THAT(sweep_values("1..Nx3", 10), ElementsAre("1", "3", "9"));
  EXPECT_THAT(sweep_values("uniform,zipf:0.99", 8), ElementsAre("uniform", "zipf:0.99"));
  for (const char* const wrong : {"", "4..1", "1..x", "0..8x2", "1..8x1", "1..", "..4"})
    EXPECT_THROW(sweep_values(wrong, 8), os::UsageError) << wrong;
}

}  // namespace
}  // namespace tlbstorm::campaign
