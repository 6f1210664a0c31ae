// SPDX-License-Identifier: Apache-2.0
#include "workloads/swap_need.hpp"

#include <gtest/gtest.h>

namespace tlbstorm::workloads {
namespace {

using os::operator""_KiB;
using os::operator""_MiB;

TEST(Slack, GrowsWithThePageAsWhatItIsForDoes) {
  EXPECT_EQ(slack_of_worker(4_KiB), 2_MiB);
  EXPECT_EQ(slack_of_worker(64_KiB), 32_MiB);
  // What a CPU keeps charged alone: mm/memcontrol.c, MEMCG_CHARGE_BATCH.
  EXPECT_GT(slack_of_worker(64_KiB), 64_KiB * 64);
}

TEST(Slack, GrowsWithTheWorkers) {
  trial::Plan one, nine;
  one.workers = 1;
  nine.workers = 9;
  EXPECT_EQ(slack(nine), slack(one) + slack_of_worker() * 8);
}

}  // namespace
}  // namespace tlbstorm::workloads
