// SPDX-License-Identifier: Apache-2.0
#include "harness/os/perf_event.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/pmu_event.hpp"

namespace tlbstorm::os {
namespace {

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
  const Mapping fresh =
      Mapping::anonymous({kPages * 65536});  // what malloc gives may have been touched before
  for (std::size_t i = 0; i < kPages; ++i) static_cast<volatile std::byte*>(fresh.data())[i * 65536] = {};
  ::usleep(1000);
  const auto times = group.read(after);
  ASSERT_TRUE(times);
  EXPECT_GE(after[0] - before[0], 1u) << "page faults";
  EXPECT_GT(times->enabled.count(), 0);
  EXPECT_EQ(times->running, times->enabled) << "software events share nothing";
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
