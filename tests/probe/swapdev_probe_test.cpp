// SPDX-License-Identifier: Apache-2.0
// The probe of swap devices.
#include "tests/probe/swap_probes_fixture.hpp"

namespace tlbstorm::probe {
namespace {

TEST_F(SwapDevProbe, BlockDevicesAreSummedInBytes) {
  put_swaps(std::string(kZram0) + kDisk + kFile);
  put_device("zram0", kStat);
  put_device("sda2", "1 0 8 0 2 0 16 0 0 0 0\n");
  const Values all = values("swapdev");
  EXPECT_EQ(all.size(), 12u);
  EXPECT_EQ(all.at("swapdev.total"), 1048572.0 * 1024);
  EXPECT_EQ(all.at("swapdev.free"), 524288.0 * 1024);
  EXPECT_EQ(all.at("swapdev.reads"), 101);
  EXPECT_EQ(all.at("swapdev.read_bytes"), 808 * 512);
  EXPECT_EQ(all.at("swapdev.writes"), 202);
  EXPECT_EQ(all.at("swapdev.written_bytes"), 1616 * 512);
  EXPECT_DOUBLE_EQ(all.at("swapdev.read_time"), 0.031);
  EXPECT_DOUBLE_EQ(all.at("swapdev.write_time"), 0.052);
  EXPECT_DOUBLE_EQ(all.at("swapdev.busy"), 0.040);
  EXPECT_DOUBLE_EQ(all.at("swapdev.queued"), 0.083);
}

/// Milliseconds are printed in 32 bits, for each device alone: block/genhd.c, part_stat_show.
TEST_F(SwapDevProbe, TimesGoOnRisingWhereADevicesMillisecondsWrap) {
  put_swaps(std::string(kZram0) + kDisk);
  put_device("zram0", "1 0 8 4294967295 1 0 8 4294967290 0 4294967000 4294967000\n");
  put_device("sda2", "1 0 8 1000 1 0 8 1000 0 1000 1000\n");
  Opened opened = open("swapdev");
  const Values before = read(opened);
  put_device("zram0", "2 0 16 9 2 0 16 4294967295 0 4 1000\n");
  const Values after = read(opened);
  for (const auto& [column, milliseconds] :
       {std::pair{"read_time", 10}, {"write_time", 5}, {"busy", 300}, {"queued", 1296}}) {
    const std::string name = std::string("swapdev.") + column;
    EXPECT_NEAR(after.at(name) - before.at(name), milliseconds * 1e-3, 1e-6) << column;
  }
  EXPECT_EQ(after.at("swapdev.reads"), 3);
}

TEST_F(SwapDevProbe, FilesAloneHaveNoDeviceColumns) {
  put_swaps(kFile);
  const Values all = values("swapdev");
  EXPECT_EQ(all.size(), 2u);
  EXPECT_EQ(all.count("swapdev.free"), 1u);
}

TEST_F(SwapDevProbe, WhatFilesHoldBesideDevicesIsKnown) {
  put_device("zram0", kStat);
  put_swaps(kZram0);
  EXPECT_EQ(values("swapdev").count("swapdev.in_files"), 0u);
  put_swaps(std::string(kZram0) + "/srv/a\\040b                          file\t\t65532\t\t64\t\t-2\n" +
            "/srv/c                              file\t\t65532\t\t8\t\t-3\n");
  EXPECT_EQ(values("swapdev").at("swapdev.in_files"), 72 * 1024);
}

TEST_F(SwapDevProbe, DeviceWithoutAPlaceInSysfsLeavesNoPartialSum) {
  put_swaps(std::string(kZram0) + kDisk);
  put_device("zram0", kStat);
  EXPECT_EQ(values("swapdev").size(), 2u);
}

TEST_F(SwapDevProbe, ZerosOfADeviceWithoutStatisticsAreNoFigures) {
  put_swaps(kDisk);
  put("sys/devices/sda/sda2/stat", "0 0 0 0 0 0 0 0 0 0 0\n");
  put("sys/devices/sda/queue/iostats", "0\n");
  fs::create_directories(target_.sys / "class/block");
  fs::create_directory_symlink("../../devices/sda/sda2", target_.sys / "class/block/sda2");
  EXPECT_EQ(values("swapdev").size(), 2u);
  put("sys/devices/sda/queue/iostats", "1\n");
  EXPECT_EQ(values("swapdev").size(), 11u);
}

TEST_F(SwapDevProbe, ZramCountsThoughItsQueueSaysNo) {
  put_swaps(kZram0);
  put_device("zram0", kStat);
  put("sys/class/block/zram0/queue/iostats", "0\n");
  EXPECT_EQ(values("swapdev").at("swapdev.reads"), 100);
}

TEST_F(SwapDevProbe, SlashInADevicesNameIsAnExclamationMarkInSysfs) {
  put_swaps("/dev/cciss/c0d0p2                       partition\t65532\t\t0\t\t-2\n");
  put_device("cciss!c0d0p2", kStat);
  EXPECT_EQ(values("swapdev").at("swapdev.writes"), 200);
}

TEST_F(SwapDevProbe, WhatCannotBeReadNowIsAbsentNotLess) {
  put_swaps(std::string(kZram0) + kDisk);
  put_device("zram0", kStat);
  put_device("sda2", kStat);
  Opened opened = open("swapdev");
  EXPECT_EQ(read(opened).at("swapdev.reads"), 200);
  put_device("sda2", "1 0 8\n");
  put("proc/meminfo", "MemTotal:        2035056 kB\n");
  const Values all = read(opened);
  EXPECT_EQ(all.at("swapdev.reads"), 101);
  EXPECT_EQ(all.at("swapdev.read_bytes"), 808 * 512);
  for (const char* const name : {"swapdev.writes", "swapdev.written_bytes", "swapdev.total", "swapdev.free"})
    EXPECT_TRUE(std::isnan(all.at(name))) << name;
}

TEST_F(SwapDevProbe, DeviceThatGoesIsLeftOutFromTheNextTrialOnAndForGood) {
  put_swaps(std::string(kZram0) + kDisk);
  put_device("zram0", kStat);
  put_device("sda2", kStat);
  Opened opened = open("swapdev");
  auto& probe = *std::get<std::unique_ptr<Probe>>(opened);
  put_device("zram0", "");
  EXPECT_TRUE(std::isnan(read(opened).at("swapdev.reads"))) << "it would seem to fall";
  put_device("zram0", kStat);  // another one of that name
  EXPECT_TRUE(std::isnan(read(opened).at("swapdev.reads")));
  probe.begin_trial(target_);
  EXPECT_EQ(read(opened).at("swapdev.reads"), 100);
  EXPECT_EQ(probe.take_stock(), std::vector<std::string>{"the swap area /dev/zram0"}) << "it came";
  put_device("sda2", "");
  read(opened);
  probe.begin_trial(target_);
  EXPECT_TRUE(std::isnan(read(opened).at("swapdev.reads"))) << "the sum of nothing";
}

TEST_F(SwapDevProbe, AreaThatIsSwitchedOffHasGoneThoughItsDeviceIsThere) {
  put_swaps(std::string(kZram0) + kDisk + kFile);
  put_device("zram0", kStat);
  put_device("sda2", kStat);
  Opened opened = open("swapdev");
  auto& probe = *std::get<std::unique_ptr<Probe>>(opened);
  EXPECT_TRUE(probe.take_stock().empty());
  put_swaps(std::string(kZram1) + kDisk);
  EXPECT_EQ(probe.take_stock(), std::vector<std::string>{"the swap area /dev/zram1"});
  std::vector<std::string> gone;
  for (const Part& part : probe.parts())
    if (part.gone) gone.push_back(part.name);
  EXPECT_EQ(gone, (std::vector<std::string>{"the swap area /dev/zram0", "the swap area /var/swap file"}));
  probe.begin_trial(target_);
  EXPECT_EQ(read(opened).at("swapdev.reads"), 100);
}

TEST_F(SwapDevProbe, WithoutSwapItSaysHowToHaveSome) {
  EXPECT_EQ(reason("swapdev").reason, "no swap is active");
  EXPECT_EQ(reason("swapdev").remedy, "add --swap zram:1G to the run");
  fs::remove(target_.proc / "swaps");  // CONFIG_SWAP=n
  EXPECT_EQ(reason("swapdev").reason, "no swap is active");
}

}  // namespace
}  // namespace tlbstorm::probe
