// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/os/error.hpp"

namespace tlbstorm::trial {
namespace {

using os::operator""_GiB;
using testing::HasSubstr;

machine::Machine machine_with(std::vector<machine::SwapArea> swaps = {}) {
  machine::Machine machine;
  machine.memory = 16_GiB;  // of which 1 GiB stays free
  machine.available = 13_GiB;
  machine.swaps = std::move(swaps);
  return machine;
}

/// A plan of a workload with one option, --size.
Plan plan_of(const std::string& size, bool locked = false) {
  Plan plan;
  plan.parameters =
      Parameters({{.name = "size", .type = Option::Type::size, .standard = size, .help = "what is taken"}});
  plan.working_set = WorkingSet{"size", plan.parameters.size("size"), locked};
  return plan;
}

SwapRequest zram(os::Bytes size, const std::string& text) {
  return {SwapRequest::Kind::zram, "", false, size, "", text};
}

os::Bytes total(const Plan& plan, const machine::Machine& machine = machine_with()) {
  os::Bytes all;
  for (const MemoryShare& share : memory_taken(plan, {{"ballast", "B"}, {"memory", ""}}, machine))
    all = all + share.size;
  return all;
}

std::string refusal(const Plan& plan, const machine::Machine& machine = machine_with()) {
  try {
    check_budget(plan, {{"ballast", "11G"}, {"memory", "8G"}}, machine);
  } catch (const os::UsageError& error) {
    EXPECT_NE(error.hint(), "") << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(Budget, IsTheSumOfWhatIsLockedInZramAndUnderTheLimit) {
  Plan plan = plan_of("3G");
  EXPECT_EQ(total(plan), 3_GiB);
  plan.ballast = 2_GiB;
  plan.swap = {zram(1_GiB, "zram:1G"), zram(1_GiB, "zram:1G")};
  EXPECT_EQ(total(plan), 7_GiB);
  plan.memory = 1_GiB;
  EXPECT_EQ(total(plan), 5_GiB) << "the limit leaves the workers no more";
  plan.working_set.reset();
  EXPECT_EQ(total(plan), 5_GiB) << "they fill it";
  plan.memory = 8_GiB;
  EXPECT_EQ(total(plan), 12_GiB);
}

TEST(Budget, SwapOnADiskTakesWhatIsNotLocked) {
  machine::Machine machine = machine_with({{"/dev/sda2", "partition", 4_GiB, 1_GiB, 0}});
  EXPECT_EQ(total(plan_of("5G"), machine), 2_GiB);
  EXPECT_EQ(total(plan_of("5G", true), machine), 5_GiB);
  EXPECT_EQ(total(plan_of("2G"), machine), os::Bytes{});
  machine.swaps.front().path = "/dev/zram0";
  EXPECT_EQ(total(plan_of("5G"), machine), 5_GiB) << "zram is memory";
  Plan plan = plan_of("5G");
  plan.swap = {{SwapRequest::Kind::file, "/var/tmp", false, 5_GiB, "", "file:/var/tmp:5G"}};
  EXPECT_EQ(total(plan), os::Bytes{});
}

TEST(Budget, MayTakeAllButASixteenth) {
  EXPECT_EQ(refusal(plan_of("12G")), "accepted");
  EXPECT_THAT(refusal(plan_of("12289M")), HasSubstr("--size 12289M: the run would take 12 GiB in all"));
}

TEST(Budget, NamesThePartsAndTheLargest) {
  Plan plan = plan_of("4G", true);
  plan.ballast = 11_GiB;
  EXPECT_EQ(refusal(plan),
            "--ballast 11G: the run would take 15 GiB in all: 4 GiB (--size 4G) + 11 GiB (--ballast 11G); "
            "13 GiB are available, and 1 GiB stay free");
  plan = plan_of("1G");
  plan.swap = {zram(5_GiB, "zram:5G"), zram(7_GiB, "zram:7G")};
  EXPECT_THAT(refusal(plan), HasSubstr("--swap zram:7G: the run would take 13 GiB in all"));
  plan = plan_of("9G");
  plan.memory = 8_GiB;
  plan.swap = {zram(5_GiB, "zram:5G")};
  EXPECT_THAT(refusal(plan), HasSubstr("--memory 8G: the run would take 13 GiB in all"));
}

TEST(Budget, DoesNotWrapRound) {
  Plan plan = plan_of("1G");
  plan.working_set->size = os::Bytes{std::uint64_t{1} << 62} * 4;
  plan.ballast = 1_GiB;
  EXPECT_NE(refusal(plan), "accepted");
}

}  // namespace
}  // namespace tlbstorm::trial
