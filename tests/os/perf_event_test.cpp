// SPDX-License-Identifier: Apache-2.0
#include "harness/os/perf_event.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "harness/os/error.hpp"
#include "harness/os/pmu_event.hpp"

namespace tlbstorm::os {
namespace {

using namespace std::chrono_literals;
using Times = CounterGroup::Times;

TEST(CounterTimes, ValuesAreScaledByThePartOfTheTimeThatWasCounted) {
  const Times half{100ms, 50ms};
  EXPECT_DOUBLE_EQ(half.share(), 0.5);
  EXPECT_EQ(half.scaled(1000), 2000);
  const Times whole{100ms, 100ms};
  EXPECT_EQ(whole.scaled(1000), 1000);
}

TEST(CounterTimes, GroupThatNeverGotTheHardwareHasCountedNothingWhichIsNotZero) {
  const Times never{100ms, 0ms};
  EXPECT_EQ(never.share(), 0);
  EXPECT_FALSE(never.scaled(0));
}

TEST(CounterTimes, ProcessThatHasNotBegunHasCountedZero) {
  const Times before{0ms, 0ms};
  EXPECT_EQ(before.share(), 1);
  EXPECT_EQ(before.scaled(0), 0);
}

/// Counters of the own process need no rights where kernel.perf_event_paranoid is below 3.
TEST(CounterGroup, ReadsAllItsMembersAtOnceInTheirOrder) {
  const PmuEvents events;
  CounterGroup group(Watched::process(::getpid()));
  try {
    for (const char* const name : {"page-faults", "context-switches"}) {
      perf_event_attr attributes = events.encode(name);
      attributes.exclude_kernel = name[0] == 'p';
      group.add(attributes, name);
    }
  } catch (const SystemError& error) {
    GTEST_SKIP() << error.what();
  }
  std::array<std::uint64_t, 2> before{}, after{};
  ASSERT_TRUE(group.read(before));
  constexpr std::size_t kPages = 64;
  const std::unique_ptr<char[]> fresh(new char[kPages * 65536]);
  for (std::size_t i = 0; i < kPages; ++i) static_cast<volatile char*>(fresh.get())[i * 65536] = 1;
  ::usleep(1000);
  const auto times = group.read(after);
  ASSERT_TRUE(times);
  EXPECT_GE(after[0] - before[0], 1u) << "page faults";
  EXPECT_EQ(times->share(), 1) << "software events share nothing";
}

TEST(CounterGroup, SaysWhichEventCouldNotBeOpened) {
  CounterGroup group(Watched::on_cpu(99999));
  try {
    group.add(PmuEvents().encode("context-switches"), "context-switches on a CPU that is not there");
    ADD_FAILURE();
  } catch (const SystemError& error) {
    EXPECT_NE(std::string(error.what()).find("context-switches on a CPU that is not there"),
              std::string::npos);
  }
  std::array<std::uint64_t, 1> values{};
  EXPECT_FALSE(group.read(values)) << "there is nothing in it";
}

}  // namespace
}  // namespace tlbstorm::os
