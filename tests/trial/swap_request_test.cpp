// SPDX-License-Identifier: Apache-2.0
// What --swap asks for. What needs a device is in tests/system/swap_device_test.cpp.
#include "harness/trial/swap_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/os/error.hpp"

namespace tlbstorm::trial {
namespace {

using ::testing::HasSubstr;

machine::Machine machine_with(std::vector<machine::SwapArea> swaps = {}) {
  machine::Machine machine;
  machine.memory = os::operator""_GiB(8);
  machine.swaps = std::move(swaps);
  return machine;
}

std::string refusal(const char* swap, const char* erase = "") {
  try {
    request_swaps(swap, erase, machine_with());
  } catch (const os::UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(SwapRequest, NothingAsksForNothing) { EXPECT_TRUE(request_swaps("", "", machine_with()).empty()); }

TEST(SwapRequest, ExistingIsWhatIsActiveAndMustBeThere) {
  EXPECT_THAT(refusal("existing"), HasSubstr("no swap is active"));
  const machine::Machine swapping = machine_with({{"/dev/sda2", "partition", os::operator""_GiB(1), {}, -2}});
  EXPECT_TRUE(request_swaps("existing", "", swapping).empty()) << "nothing is to be set up";
}

TEST(SwapRequest, RefusesWhatIsNoAreaAndNamesIt) {
  for (const char* const wrong :
       {"disk:1G", "zram", "zram:1G:lz4:more", "file::1G", "device", "device:sda2", "device:"})
    EXPECT_THAT(refusal(wrong), HasSubstr(std::string("--swap ") + wrong));
  EXPECT_THAT(refusal("zram:1K"), HasSubstr("too small"));
}

TEST(SwapRequest, PartThatBeginsWithASlashGoesOnWithTheDevicesBeforeIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can set up swap";
  EXPECT_THAT(refusal("device:/dev/no-such"), HasSubstr("--swap device:/dev/no-such: No such file"));
  EXPECT_THAT(refusal("device:/dev/null,/dev/no-such"), HasSubstr("device:/dev/null: not a block device"));
  EXPECT_THAT(refusal("/dev/sda2"), HasSubstr("--swap /dev/sda2: not a swap area"));
}

TEST(SwapRequest, PatternStandsForTheDevicesOfThatName) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can set up swap";
  EXPECT_THAT(refusal("device:/dev/nul?"), HasSubstr("--swap device:/dev/null: not a block device"));
  EXPECT_THAT(refusal("device:/dev/no-such*"),
              HasSubstr("--swap device:/dev/no-such*: no device is called so"));
}

TEST(SwapRequest, PathMayHaveColons) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can set up swap";
  EXPECT_THAT(refusal("device:/dev/disk/by-path/pci-0000:00:1f.2-no-such"),
              HasSubstr("by-path/pci-0000:00:1f.2-no-such: No such file"));
}

TEST(SwapRequest, EraseDeviceMustBeOneOfSwap) {
  EXPECT_THAT(refusal("", "/dev/sda"), HasSubstr("--erase-device /dev/sda: is no device of --swap"));
}

TEST(SwapRequest, NobodyButRootSetsUpSwap) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may";
  EXPECT_THAT(refusal("zram:1G"), HasSubstr("only root can set up swap"));
}

}  // namespace
}  // namespace tlbstorm::trial
