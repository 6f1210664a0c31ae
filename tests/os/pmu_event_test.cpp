// SPDX-License-Identifier: Apache-2.0
#include "harness/os/pmu_event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/os/error.hpp"

namespace tlbstorm::os {
namespace {

using testing::HasSubstr;

TEST(PmuEvents, GenericNamesAreThoseOfTheKernel) {
  const PmuEvents events;
  const perf_event_attr cycles = events.encode("cycles");
  EXPECT_EQ(cycles.type, PERF_TYPE_HARDWARE);
  EXPECT_EQ(cycles.config, PERF_COUNT_HW_CPU_CYCLES);
  EXPECT_FALSE(cycles.exclude_user);
  EXPECT_FALSE(cycles.exclude_kernel);
  EXPECT_EQ(events.encode("context-switches").type, PERF_TYPE_SOFTWARE);
  const perf_event_attr misses = events.encode("dTLB-load-misses");
  EXPECT_EQ(misses.type, PERF_TYPE_HW_CACHE);
  EXPECT_EQ(misses.config, PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |
                               PERF_COUNT_HW_CACHE_RESULT_MISS << 16);
}

TEST(PmuEvents, RawOnesAreTheirBits) {
  const perf_event_attr raw = PmuEvents().encode("r01c2");
  EXPECT_EQ(raw.type, PERF_TYPE_RAW);
  EXPECT_EQ(raw.config, 0x1c2u);
}

TEST(PmuEvents, UnknownOnesNameANearOne) {
  const PmuEvents events;
  for (const auto& [wrong, near] : {std::pair{"cycels", "did you mean cycles?"},
                                    std::pair{"Context-Switchs", "did you mean context-switches?"},
                                    std::pair{"no-event-is-called-like-that-at-all", "showevtinfo"}})
    try {
      events.encode(wrong);
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(wrong));
      EXPECT_THAT(error.hint(), HasSubstr(near));
    }
}

TEST(PmuEvents, SeveralMayLiveAtOnce) {
  const PmuEvents first;
  { const PmuEvents second; }
  EXPECT_EQ(first.encode("instructions").config, PERF_COUNT_HW_INSTRUCTIONS);
}

}  // namespace
}  // namespace tlbstorm::os
