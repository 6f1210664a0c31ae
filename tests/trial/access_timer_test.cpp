// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/access_timer.hpp"

#include <gtest/gtest.h>

#include "harness/os/mapping.hpp"

namespace tlbstorm::trial {
namespace {

using namespace std::chrono_literals;

class AccessTimerTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kPages = 64;

  void touch(std::size_t page) { *memory_.page(page) = std::byte{1}; }
  /// As long as a fault, without one.
  static void take_long() {
    for (const os::Nanoseconds until = os::now() + 2us; os::now() < until;) relax();
  }

  os::Mapping memory_ = os::Mapping::anonymous(os::page_size() * kPages);
  Plan plan_;
  Scoreboard board_{1};
  Worker worker_{board_, plan_, 0};
};

TEST_F(AccessTimerTest, FaultBetweenAccessesIsNotTheNextOnes) {
  AccessTimer timer(worker_);
  std::size_t hits = 0;
  for (std::size_t page = 0; page < kPages; ++page) {
    touch(page);  // the first touch faults: no access of those that are timed
    timer.restart();
    take_long();
    hits += timer.ended(Access::read) == Met::hit ? 1 : 0;
  }
  EXPECT_GE(hits, kPages - 2);
}

TEST_F(AccessTimerTest, FaultOfAnAccessAfterARestartIsIts) {
  AccessTimer timer(worker_);
  std::size_t faults = 0;
  for (std::size_t page = 0; page < kPages; ++page) {
    take_long();
    timer.restart();
    touch(page);
    take_long();
    faults += timer.ended(Access::write) == Met::minor ? 1 : 0;
  }
  EXPECT_GE(faults, kPages - 2);
}

}  // namespace
}  // namespace tlbstorm::trial
