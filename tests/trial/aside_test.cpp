// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/aside.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "harness/machine/topology.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::trial {
namespace {

TEST(Aside, IsThereWhileItLivesAndTakesThreadsAlong) {
  const std::vector<int> before = machine::allowed_cpus();
  {
    const Aside aside({before.back()});
    EXPECT_EQ(machine::allowed_cpus(), std::vector{before.back()});
    std::jthread([&] { EXPECT_EQ(machine::allowed_cpus(), std::vector{before.back()}); });
  }
  EXPECT_EQ(machine::allowed_cpus(), before);
  {
    const Aside nowhere({}), gone({100'000});
    EXPECT_EQ(machine::allowed_cpus(), before);
  }
  EXPECT_EQ(machine::allowed_cpus(), before);
}

TEST(Aside, WhoeverMovesItMeanwhileHasTheLastWord) {
  const std::vector<int> before = machine::allowed_cpus();
  if (before.size() < 2) GTEST_SKIP() << "one CPU: there is nowhere to move to";
  {
    const Aside aside({before.back()});
    os::run_on({before.front()});
  }
  EXPECT_EQ(machine::allowed_cpus(), std::vector{before.front()});
  os::run_on(before);
}

}  // namespace
}  // namespace tlbstorm::trial
