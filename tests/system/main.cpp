// SPDX-License-Identifier: Apache-2.0
// After each test the machine must be as it was before: a test that kills the tool restores what it left.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/system/tool.hpp"

namespace {

class LeavesNothing : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { left_.emplace(); }
  void OnTestEnd(const testing::TestInfo&) override {
    EXPECT_EQ(left_.value().found(), "") << "the test left this on the machine";
  }
  std::optional<tlbstorm::test::Leftovers> left_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(
      std::make_unique<LeavesNothing>().release());  // they own it
  return RUN_ALL_TESTS();
}
