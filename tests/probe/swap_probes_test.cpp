// SPDX-License-Identifier: Apache-2.0
// The probes of swap devices, zram and zswap on /proc and /sys texts that a test writes.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "harness/probe/probe.hpp"
#include "tests/probe/allocations.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;

using Values = std::map<std::string, double>;

/// The lines are those of Linux 6.18, with figures of our own.
constexpr const char* kMeminfo =
    "MemTotal:        2035056 kB\nMemFree:         1000000 kB\nSwapCached:            4 kB\n"
    "SwapTotal:       1048572 kB\nSwapFree:         524288 kB\nZswap:              1000 kB\n"
    "Zswapped:           4096 kB\nDirty:                 0 kB\n";
constexpr const char* kVmstat = "nr_free_pages 1\npswpin 9\nzswpin 11\nzswpout 22\nzswpwb 3\nthp_swpout 0\n";
constexpr const char* kHeading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
constexpr const char* kZram0 = "/dev/zram0                              partition\t65532\t\t1024\t\t100\n";
constexpr const char* kZram1 = "/dev/zram1                              partition\t65532\t\t0\t\t99\n";
constexpr const char* kDisk = "/dev/sda2                               partition\t65532\t\t0\t\t-2\n";
constexpr const char* kFile = "/var/swap\\040file                       file\t\t65532\t\t0\t\t-3\n";

class SwapProbes : public ::testing::Test {
 protected:
  SwapProbes() {
    target_.proc = folder_.path() / "proc";
    target_.sys = folder_.path() / "sys";
    put("proc/meminfo", kMeminfo);
    put("proc/vmstat", kVmstat);
    put("proc/swaps", kHeading);
  }

  void put(const std::string& file, const std::string& text) const {
    fs::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << text;
  }

  void put_swaps(const std::string& areas) const { put("proc/swaps", kHeading + areas); }

  void put_device(const std::string& name, const std::string& stat) const {
    put("sys/class/block/" + name + "/stat", stat);
  }

  Opened open(const std::string& name) const {
    for (const Source& source : sources())
      if (source.name == name) return source.open(target_);
    return Unavailable{"no such probe", ""};
  }

  static Values read(Opened& opened) {
    Values all;
    auto* const probe = std::get_if<std::unique_ptr<Probe>>(&opened);
    if (probe == nullptr) {
      ADD_FAILURE() << std::get<Unavailable>(opened).reason;
      return all;
    }
    std::vector<double> row((*probe)->columns().size(), -1);
    (*probe)->read(row);
    for (std::size_t i = 0; i < row.size(); ++i) all[(*probe)->columns()[i].name] = row[i];
    return all;
  }

  Values values(const std::string& name) const {
    Opened opened = open(name);
    return read(opened);
  }

  Unavailable reason(const std::string& name) const {
    const Opened opened = open(name);
    const auto* const why = std::get_if<Unavailable>(&opened);
    if (why == nullptr) ADD_FAILURE() << name << " is there";
    return why == nullptr ? Unavailable{} : *why;
  }

  const test::TemporaryFolder folder_;
  Target target_;
};

class SwapDevProbe : public SwapProbes {};
class ZramProbe : public SwapProbes {};
class ZswapProbe : public SwapProbes {};

constexpr const char* kStat =
    "     100        7      800       31      200        9     1600       52        0       40       83"
    "        0        0        0        0        0        0\n";

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
