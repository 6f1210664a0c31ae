// SPDX-License-Identifier: Apache-2.0
// The probes of swap devices, zram and zswap on /proc and /sys texts that a test writes.
#include "tests/probe/swap_probes_fixture.hpp"

namespace tlbstorm::probe {
namespace {

constexpr const char* kMmStat =
    "  409600   100000   122880        0   200000        5        1        7       12\n";

TEST_F(ZramProbe, SwapAreasAreSummedAndOthersLeftOut) {
  put_swaps(std::string(kZram0) + kZram1 + kDisk);
  put("sys/class/block/zram0/mm_stat", kMmStat);
  put("sys/class/block/zram1/mm_stat", "4096 50 4096 0 4096 1 0 2 3\n");
  put("sys/class/block/zram2/mm_stat", kMmStat);
  const Values all = values("zram");
  EXPECT_EQ(all.size(), 6u);
  EXPECT_EQ(all.at("zram.stored"), 413696);
  EXPECT_EQ(all.at("zram.compressed"), 100050);
  EXPECT_EQ(all.at("zram.memory_used"), 126976);
  EXPECT_EQ(all.at("zram.same_pages"), 6);
  EXPECT_EQ(all.at("zram.incompressible_pages"), 9);
  EXPECT_EQ(all.at("zram.incompressible_stores"), 15);
}

TEST_F(ZramProbe, OlderKernelsHaveFewerColumns) {
  put_swaps(kZram0);
  put("sys/class/block/zram0/mm_stat", "4096 50 4096 0 4096 1 0 2\n");
  Values all = values("zram");
  EXPECT_EQ(all.count("zram.incompressible_stores"), 0u);
  EXPECT_EQ(all.at("zram.incompressible_pages"), 2);
  put("sys/class/block/zram0/mm_stat", "4096 50 4096 0 4096 1 0\n");
  all = values("zram");
  EXPECT_EQ(all.size(), 4u);
  EXPECT_EQ(all.at("zram.same_pages"), 1);
}

TEST_F(ZramProbe, DeviceThatGoesIsAbsent) {
  put_swaps(kZram0);
  put("sys/class/block/zram0/mm_stat", kMmStat);
  Opened opened = open("zram");
  put("sys/class/block/zram0/mm_stat", "");
  for (const auto& [name, value] : read(opened)) EXPECT_TRUE(std::isnan(value)) << name;
  auto& probe = *std::get<std::unique_ptr<Probe>>(opened);
  ASSERT_EQ(probe.parts().size(), 1u);
  EXPECT_EQ(probe.parts()[0].name, "the swap area /dev/zram0");
  EXPECT_TRUE(probe.parts()[0].gone);
}

TEST_F(ZramProbe, AreasThatComeAreNamedIfTheyAreZrams) {
  put_swaps(kZram0);
  put("sys/class/block/zram0/mm_stat", kMmStat);
  Opened opened = open("zram");
  put_swaps(std::string(kZram0) + kZram1 + kDisk);
  EXPECT_EQ(std::get<std::unique_ptr<Probe>>(opened)->take_stock(),
            std::vector<std::string>{"the swap area /dev/zram1"});
}

TEST_F(ZramProbe, DeviceThatIsNoSwapAreaIsNotCounted) {
  put_swaps(kDisk);
  put("sys/class/block/zram0/mm_stat", kMmStat);
  EXPECT_EQ(reason("zram").reason, "no zram device is a swap area");
  EXPECT_FALSE(reason("zram").remedy.empty());
}

TEST_F(ZramProbe, FileNamedLikeADeviceIsAFile) {
  put_swaps("/dev/zram0                              file\t\t65532\t\t0\t\t-3\n");
  put("sys/class/block/zram0/mm_stat", kMmStat);
  EXPECT_EQ(reason("zram").reason, "no zram device is a swap area");
}

TEST_F(ZswapProbe, PoolInBytesAndPagesThatMoved) {
  put("sys/module/zswap/parameters/enabled", "Y\n");
  const Values all = values("zswap");
  EXPECT_EQ(all.size(), 5u);
  EXPECT_EQ(all.at("zswap.compressed"), 1000 * 1024);
  EXPECT_EQ(all.at("zswap.stored"), 4096 * 1024);
  EXPECT_EQ(all.at("zswap.loads"), 11);
  EXPECT_EQ(all.at("zswap.stores"), 22);
  EXPECT_EQ(all.at("zswap.writebacks"), 3);
}

TEST_F(ZswapProbe, OnlyTheKeysOfThisKernelAreColumns) {
  put("sys/module/zswap/parameters/enabled", "Y\n");
  put("proc/vmstat", "zswpin 11\nzswpout 22\n");
  EXPECT_EQ(values("zswap").count("zswap.writebacks"), 0u);
  put("proc/meminfo", "SwapTotal:       1048572 kB\n");
  const Values all = values("zswap");
  EXPECT_EQ(all.size(), 2u);
  EXPECT_EQ(all.at("zswap.stores"), 22);
  put("proc/vmstat", "pswpin 11\n");
  EXPECT_NE(reason("zswap").remedy.find("5.19"), std::string::npos);
}

TEST_F(ZswapProbe, OffAndNotBuiltAreToldApart) {
  EXPECT_NE(reason("zswap").reason.find("CONFIG_ZSWAP"), std::string::npos);
  put("sys/module/zswap/parameters/enabled", "N\n");
  EXPECT_EQ(reason("zswap").reason, "zswap is off");
  EXPECT_NE(reason("zswap").remedy.find("/sys/module/zswap/parameters/enabled"), std::string::npos);
}

TEST_F(SwapProbes, ReadingAllocatesNothingAndColumnsAreDistinct) {
  put_swaps(std::string(kZram0) + kFile);
  put_device("zram0", kStat);
  put("sys/class/block/zram0/mm_stat", kMmStat);
  put("sys/module/zswap/parameters/enabled", "Y\n");
  for (const std::string name : {"swapdev", "zram", "zswap"}) {
    Opened opened = open(name);
    auto& probe = std::get<std::unique_ptr<Probe>>(opened);
    std::vector<double> row(probe->columns().size());
    const long before = test::allocations();
    probe->read(row);
    EXPECT_EQ(test::allocations() - before, 0) << name;
    std::set<std::string> seen;
    for (const Column& column : probe->columns()) {
      EXPECT_TRUE(column.name.starts_with(name + ".")) << column.name;
      EXPECT_FALSE(column.unit.empty()) << column.name;
      EXPECT_TRUE(seen.insert(column.name).second) << column.name;
    }
  }
}

}  // namespace
}  // namespace tlbstorm::probe
