// SPDX-License-Identifier: Apache-2.0
// What --swap asks for. What needs a device is in tests/system/swap_device_test.cpp.
#include "harness/trial/swap_request.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/machine/filesystem.hpp"
#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

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

TEST(SwapRequest, RefusesEmptyPlacesOfAList) {
  for (const char* const wrong : {",", "zram:1G,", ",zram:1G", "zram:1G,,zram:1G", "existing,"})
    EXPECT_THAT(refusal(wrong), HasSubstr(std::string("--swap ") + wrong));
  EXPECT_THAT(refusal("", ","), HasSubstr("--erase-device ,"));
}

TEST(SwapRequest, NamesTheWholeValueWhenAPartIsWrong) {
  EXPECT_THAT(refusal("zram:3X"), HasSubstr("--swap zram:3X: '3X': not a size"));
  EXPECT_THAT(refusal("file:/var/tmp:-1G"), HasSubstr("--swap file:/var/tmp:-1G: '-1G': not a size"));
  EXPECT_THAT(refusal("zram:1G:"), HasSubstr("--swap zram:1G:: no algorithm is named"));
}

TEST(SwapRequest, ManyFilesShareTheRoomOfTheirDisk) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can set up swap";
  const test::TemporaryFolder folder("/var/tmp");
  const os::Bytes each = machine::file_system_of(folder.path()).free / 10 * 4;
  if (each.count < (5ull << 30)) GTEST_SKIP() << "little room in /var/tmp";
  const std::string one = fmt::format("file:{}:{}", folder.path().native(), each.count);
  EXPECT_EQ(refusal((one + "," + one).c_str()), "accepted");
  EXPECT_THAT(refusal((one + "," + one + "," + one).c_str()), HasSubstr("in all are to go where"));
}

TEST(SwapRequest, KernelHasRoomForSoManyAreas) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can set up swap";
  const test::TemporaryFolder folder("/var/tmp");
  const std::string one = fmt::format("file:{}:1M", folder.path().native());
  std::string swap = one;
  for (int i = 1; i < 32; ++i) swap += "," + one;
  try {
    request_swaps(swap, "", machine_with({{"/dev/sda2", "partition", os::operator""_GiB(1), {}, -2}}));
    ADD_FAILURE() << "33 areas";
  } catch (const os::UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("1 areas are active and 32 asked for; this kernel has room for "));
  }
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
