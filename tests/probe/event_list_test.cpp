// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/event_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/os/error.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    check_events(text);
  } catch (const os::UsageError& error) {
    EXPECT_NE(error.hint(), "") << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(EventList, BracesHoldTogether) {
  EXPECT_EQ(parse_events("a"), (std::vector<EventGroup>{{"a"}}));
  EXPECT_EQ(parse_events("a,{b,c},d"), (std::vector<EventGroup>{{"a"}, {"b", "c"}, {"d"}}));
  EXPECT_EQ(parse_events("{a},{b}"), (std::vector<EventGroup>{{"a"}, {"b"}}));
}

TEST(EventList, RefusesWhatIsNoList) {
  for (const char* const text :
       {",", "a,", ",a", "a,,b", "{a", "a}", "{}", "{a}b", "{a}{b}", "{a,{b}}", "a{b}", "{a,}", "{"})
    EXPECT_THAT(refusal(text), HasSubstr(std::string("--events ") + text + ": "));
}

TEST(EventList, RefusesNamesThatNoCpuHas) {
  EXPECT_THAT(refusal("cylces"), HasSubstr("--events cylces: no event of any CPU"));
  EXPECT_THAT(refusal("page-faults,{cycles,nosuch}"),
              HasSubstr("--events page-faults,{cycles,nosuch}: 'nosuch'"));
  EXPECT_THAT(refusal("page-faults:nosuch"), HasSubstr("--events page-faults:nosuch"));
}

// A suite that runs on many machines names what some of them have. (AMD's RETIRED_INSTRUCTIONS needs no unit
// mask, as DTLB_LOAD_MISSES would on some of Intel's.)
TEST(EventList, TakesNamesOfOtherCpusAndRawOnes) {
  for (const char* const text :
       {"page-faults", "cycles", "r01c2", "RETIRED_INSTRUCTIONS", "skl::DTLB_LOAD_MISSES:WALK_COMPLETED"})
    EXPECT_EQ(refusal(text), "accepted") << text;
}

TEST(Look, TracepointsAreNotOpenedForIt) {
  for (const char* const name : {"irqcost", "tlbflush", "vmscan"})
    for (const Source& source : sources())
      if (source.name == name) {
        EXPECT_NE(source.look, nullptr) << name;
      }
}

TEST(Look, IsTheSameAsOpening) {
  Target target;
  target.online_cpus = {0};
  for (const Source& source : sources()) {
    const Offer offer = look(source, target);
    const Opened opened = source.open(target);
    ASSERT_EQ(std::holds_alternative<Unavailable>(offer), std::holds_alternative<Unavailable>(opened))
        << source.name;
    if (const auto* const absent = std::get_if<Unavailable>(&offer)) {
      EXPECT_EQ(absent->reason, std::get<Unavailable>(opened).reason) << source.name;
    } else {
      EXPECT_EQ(std::get<std::vector<Column>>(offer).size(),
                std::get<std::unique_ptr<Probe>>(opened)->columns().size())
          << source.name;
    }
  }
}

}  // namespace
}  // namespace tlbstorm::probe
