// SPDX-License-Identifier: Apache-2.0
#include "benches/other_load.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/os/fd.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;
TEST(CountTicks, AreOfAllCpus) {
  const Ticks ticks = count_ticks(
      "cpu  30 3 9 900 1 0 1 12 0 0\n"
      "cpu0 10 1 3 300 0 0 1 4 0 0\n");
  EXPECT_EQ(ticks.user, 33u);
  EXPECT_EQ(ticks.stolen, 12u);
  EXPECT_EQ(count_ticks("").user, 0u);
  EXPECT_GT(count_ticks(os::read_text("/proc/stat")).user, 0u);
}

TEST(LabelOfARepetition, SaysWhatSpoiltIt) {
  EXPECT_EQ(label_of({}, {}, 1s, 4), "");
  EXPECT_EQ(label_of({.waited = 0.09, .on_cpu = 0.91}, {}, 1s, 4), "");
  EXPECT_EQ(label_of({.on_cpu = 0.72}, {}, 1s, 4), "spoilt: the sharers had their CPUs for 72% of the time");
  EXPECT_EQ(label_of({.waited = 0.5}, {}, 1s, 4), "spoilt: a thread waited for its CPU for 50% of the time");
}

TEST(LabelOfARepetition, TakesNeitherItselfNorAFewTicksForLoad) {
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  EXPECT_EQ(label_of({}, {4, 4}, 1ms, 4), "") << "as many as the readings can be off by";
  EXPECT_EQ(label_of({.user = 1s}, {per_second, 0}, 1s, 4), "") << "ours";
  EXPECT_EQ(label_of({}, {per_second, 0}, 1s, 4), "spoilt: other programs ran, of all CPUs, 25% of the time");
  EXPECT_EQ(label_of({}, {0, per_second}, 1s, 4),
            "spoilt: the hypervisor stole, of all CPUs, 25% of the time");
  EXPECT_EQ(label_of({}, {per_second / 10, 0}, 1s, 4), "") << "2.5%";
}

}  // namespace
}  // namespace tlbstorm::benches
