// SPDX-License-Identifier: Apache-2.0
// The probes on /proc texts of several machines.
#include "harness/probe/probe.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <map>

#include "tests/fixtures/interrupts_text.hpp"
#include "tests/probe/allocations.hpp"
#include "tests/probe/opened.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;

Target fixture(const std::string& kind) {
  Target target;
  target.proc = fs::path(TLBSTORM_FIXTURES) / "probe" / kind / "proc";
  return target;
}

TEST(Interrupts, RowsAreReadPerCpuAndSummed) {
  const auto all = values(open("interrupts", fixture("xeon-4cpu")));
  EXPECT_EQ(all.size(), 4u * 5u);
  EXPECT_EQ(all.at("interrupts.tlb"), 10000001);
  EXPECT_EQ(all.at("interrupts.tlb_cpu0"), 4000000);
  EXPECT_EQ(all.at("interrupts.tlb_cpu3"), 1000001);
  EXPECT_EQ(all.at("interrupts.cal_cpu2"), 7162534);
  EXPECT_EQ(all.at("interrupts.res_cpu1"), 273645);
  EXPECT_EQ(all.at("interrupts.loc_cpu3"), 117263544);
}

TEST(Interrupts, VirtualMachineWithTwoCpus) {
  const auto all = values(open("interrupts", fixture("vm-2cpu")));
  EXPECT_EQ(all.at("interrupts.tlb"), all.at("interrupts.tlb_cpu0") + all.at("interrupts.tlb_cpu1"));
  EXPECT_GT(all.at("interrupts.tlb"), 0);
}

class InterruptsOfManyCpus : public ::testing::TestWithParam<int> {};

TEST_P(InterruptsOfManyCpus, RowsAreFoundWhereverTheyStand) {
  const int cpus = GetParam();
  const test::TemporaryFolder folder;
  Target target;
  target.proc = folder.path();
  const auto put = [&](std::uint64_t base) {
    std::ofstream(folder.path() / "interrupts") << test::interrupts_of(cpus, base);
  };
  put(1000);
  Opened opened = open("interrupts", target);
  auto& probe = std::get<std::unique_ptr<Probe>>(opened);
  std::vector<double> row(probe->columns().size());
  ASSERT_EQ(row.size(), 4u * (1 + static_cast<std::size_t>(cpus)));
  // More than ten digits move every line that follows.
  for (const std::uint64_t base : {1000ULL, 2000ULL, 123456789012ULL, 123456789013ULL}) {
    put(base);
    probe->read(row);
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t first = i * (1 + static_cast<std::size_t>(cpus));
      EXPECT_EQ(row[first + 1], static_cast<double>(base)) << i;
      EXPECT_EQ(row[first + static_cast<std::size_t>(cpus)], static_cast<double>(base) + cpus - 1) << i;
      EXPECT_EQ(row[first], static_cast<double>(base) * cpus + cpus * (cpus - 1) / 2.0) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, InterruptsOfManyCpus, ::testing::Values(128, 256, 512));

TEST(Interrupts, ArmIsAbsentWithItsReason) {
  const Opened opened = open("interrupts", fixture("arm64"));
  ASSERT_TRUE(std::holds_alternative<Unavailable>(opened));
  EXPECT_NE(std::get<Unavailable>(opened).reason.find("no TLB row"), std::string::npos);
}

/// /proc/interrupts of a machine with some CPUs, as they come and go.
class InterruptsOverTime : public ::testing::Test {
 protected:
  void put(const std::string& cpus, const std::string& tlb) const {
    std::ofstream(folder_.path() / "interrupts") << cpus << "\nTLB: " << tlb << "   TLB shootdowns\n";
  }
  /// All CPUs, then each.
  std::vector<double> read() {
    if (!probe_) {
      Target target;
      target.proc = folder_.path();
      probe_ = std::get<std::unique_ptr<Probe>>(open("interrupts", target));
    }
    std::vector<double> row(probe_->columns().size());
    probe_->read(row);
    return {row.begin(), row.begin() + 3};
  }
  const test::TemporaryFolder folder_;
  std::unique_ptr<Probe> probe_;
};

TEST_F(InterruptsOverTime, CellThatWrapsGoesOnRising) {
  put("  CPU0 CPU1", "4294967290 4294967000");
  EXPECT_EQ(read(), (std::vector<double>{8589934290, 4294967290, 4294967000}));
  put("  CPU0 CPU1", "4 4294967001");
  EXPECT_EQ(read(), (std::vector<double>{8589934301, 4294967300, 4294967001})) << "10 and 1 more";
}

TEST_F(InterruptsOverTime, WrapIsFollowedWhenAnotherCpuGoes) {
  put("  CPU0 CPU1", "4294967290 1000");
  const auto before = read();
  put("  CPU0", "4");
  const auto after = read();
  EXPECT_EQ(after[1] - before[1], 10);
  EXPECT_TRUE(std::isnan(after[2]));
}

TEST_F(InterruptsOverTime, CpuThatCountsAnewIsAbsentAndTheSumWithIt) {
  put("  CPU0 CPU1", "2000 1000");
  read();
  put("  CPU0 CPU1", "2001 3");
  for (int reading = 0; reading < 2; ++reading) {
    const auto row = read();
    EXPECT_TRUE(std::isnan(row[0]));
    EXPECT_EQ(row[1], 2001);
    EXPECT_TRUE(std::isnan(row[2]));
    put("  CPU0 CPU1", "2001 1500");
  }
}

/// /proc/interrupts as others make it while it is read: of CPUs that come and go.
class InterruptsWithHotplug : public ::testing::Test {
 protected:
  void put(const std::string& header, const std::string& tlb) const {
    std::ofstream(folder_.path() / "interrupts")
        << "           " << header << "       \nLOC:   " << tlb << "   Local timer interrupts\nTLB:   " << tlb
        << "   TLB shootdowns\n";
  }
  void open_it() {
    Target target;
    target.proc = folder_.path();
    probe_ = std::get<std::unique_ptr<Probe>>(open("interrupts", target));
    row_.resize(probe_->columns().size());
  }
  double read(const std::string& column) {
    probe_->read(row_);
    for (std::size_t i = 0; i < row_.size(); ++i)
      if (probe_->columns()[i].name == "interrupts." + column) return row_[i];
    ADD_FAILURE() << column;
    return 0;
  }
  const test::TemporaryFolder folder_;
  std::unique_ptr<Probe> probe_;
  std::vector<double> row_;
};

TEST_F(InterruptsWithHotplug, CpuThatGoesIsAbsentForGoodAndTheOthersKeepTheirColumns) {
  put("CPU0       CPU1       CPU2", "1 2 4");
  open_it();
  EXPECT_EQ(read("tlb"), 7);
  put("CPU0       CPU2", "10 40");
  EXPECT_EQ(read("tlb_cpu0"), 10);
  EXPECT_TRUE(std::isnan(read("tlb_cpu1")));
  EXPECT_EQ(read("tlb_cpu2"), 40) << "not where CPU 1 was";
  EXPECT_EQ(read("loc_cpu2"), 40);
  EXPECT_TRUE(std::isnan(read("tlb"))) << "it would seem to fall";
  put("CPU0       CPU1       CPU2", "11 3 41");
  EXPECT_TRUE(std::isnan(read("tlb_cpu1")));
  EXPECT_TRUE(std::isnan(read("tlb")));
  EXPECT_EQ(read("tlb_cpu2"), 41);
}

TEST_F(InterruptsWithHotplug, NextTrialSumsWhatIsLeft) {
  put("CPU0       CPU1", "1 2");
  open_it();
  put("CPU1", "20");
  EXPECT_TRUE(std::isnan(read("tlb")));
  probe_->begin_trial({});
  EXPECT_EQ(read("tlb"), 20);
  EXPECT_TRUE(std::isnan(read("tlb_cpu0")));
  put("CPU0       CPU1", "5 21");
  EXPECT_EQ(read("tlb"), 21) << "what comes back is not what was";
}

TEST_F(InterruptsWithHotplug, TextThatCannotBeReadNowTakesNoCpuAway) {
  put("CPU0       CPU1", "1 2");
  open_it();
  std::ofstream(folder_.path() / "interrupts").flush();
  EXPECT_TRUE(std::isnan(read("tlb")));
  put("CPU0       CPU1", "3 4");
  EXPECT_EQ(read("tlb"), 7);
}

TEST_F(InterruptsWithHotplug, CpuThatComesIsNotCountedAndNamed) {
  put("CPU0       CPU2", "1 4");
  open_it();
  EXPECT_TRUE(probe_->take_stock().empty());
  put("CPU0       CPU1       CPU2       CPU3", "10 2 40 8");
  const long before = test::allocations();
  probe_->read(row_);
  EXPECT_EQ(test::allocations() - before, 0);
  EXPECT_EQ(read("tlb_cpu0"), 10);
  EXPECT_EQ(read("tlb_cpu2"), 40);
  EXPECT_EQ(read("tlb"), 50);
  EXPECT_EQ(probe_->take_stock(), (std::vector<std::string>{"CPU 1", "CPU 3"}));
  EXPECT_FALSE(probe_->parts()[1].gone);
  put("CPU0       CPU1       CPU2       CPU3       CPU4", "1 2 3 4 5");
  EXPECT_TRUE(std::isnan(read("tlb"))) << "more than there is room for";
}

TEST(Interrupts, RowThatIsNotThereIsAbsent) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "interrupts")
      << "           CPU0       CPU1\nTLB:          1          2   TLB\n";
  Target target;
  target.proc = folder.path();
  const auto all = values(open("interrupts", target));
  EXPECT_EQ(all.at("interrupts.tlb"), 3);
  EXPECT_TRUE(std::isnan(all.at("interrupts.loc_cpu1")));
}

TEST(VmStat, OnlyTheKeysOfThisKernelAreColumns) {
  const auto old = values(open("vmstat", fixture("xeon-4cpu")));
  EXPECT_EQ(old.at("vmstat.pgsteal_kswapd"), 5000);
  EXPECT_EQ(old.at("vmstat.nr_tlb_remote_flush_received"), 210);
  EXPECT_EQ(old.at("vmstat.nr_inactive_anon"), 10293) << "not nr_zone_inactive_anon";
  EXPECT_FALSE(old.contains("vmstat.swpin_zero"));
  EXPECT_FALSE(old.contains("vmstat.workingset_refault_file"));
  const auto today = values(open("vmstat", fixture("vm-2cpu")));
  for (const char* const name :
       {"vmstat.swpin_zero", "vmstat.swpout_zero", "vmstat.pgsteal_file", "vmstat.zswpin"})
    EXPECT_TRUE(today.contains(name)) << name;
  for (const auto& [name, value] : today) EXPECT_FALSE(std::isnan(value)) << name;
}

TEST(Psi, TotalsAreRead) {
  const auto all = values(open("psi", fixture("vm-2cpu")));
  EXPECT_EQ(all.size(), 6u);
  for (const auto& [name, value] : all) EXPECT_GE(value, 0) << name;
}

TEST(Psi, KernelWithoutItIsAbsent) {
  const Opened opened = open("psi", fixture("arm64"));
  ASSERT_TRUE(std::holds_alternative<Unavailable>(opened));
  EXPECT_NE(std::get<Unavailable>(opened).reason.find("CONFIG_PSI"), std::string::npos);
}

TEST(Cpu, FirstLineOfStatInSeconds) {
  const auto all = values(open("cpu", fixture("vm-2cpu")));
  EXPECT_EQ(all.size(), 8u);
  EXPECT_GT(all.at("cpu.idle"), 0);
}

class Memcg : public ::testing::Test {
 protected:
  Memcg() { target_.cgroup = folder_.path(); }
  void put(const char* file, const char* text) const { std::ofstream(target_.cgroup / file) << text; }
  const test::TemporaryFolder folder_;
  Target target_;
};

TEST_F(Memcg, VersionTwo) {
  target_.cgroup_version = machine::CgroupVersion::v2;
  put("memory.stat",
      "anon 4096\nfile 8192\nfile_mapped 4096\npgsteal 77\npgsteal_kswapd 7\npgsteal_direct 70\npgscan 99\n");
  put("memory.current", "12288\n");
  put("memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\n");
  const auto all = values(open("memcg", target_));
  EXPECT_EQ(all.at("memcg.pgsteal"), 77);
  EXPECT_EQ(all.at("memcg.pgsteal_direct"), 70);
  EXPECT_EQ(all.at("memcg.usage"), 12288);
  EXPECT_EQ(all.at("memcg.oom_kill"), 1);
  EXPECT_FALSE(all.contains("memcg.swap_usage"));
}

TEST_F(Memcg, VersionOne) {
  target_.cgroup_version = machine::CgroupVersion::v1;
  put("memory.stat", "cache 8192\nrss 4096\nmapped_file 0\npgpgin 30\npgpgout 20\ntotal_cache 1\n");
  put("memory.usage_in_bytes", "12288\n");
  put("memory.failcnt", "9\n");
  put("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  const auto all = values(open("memcg", target_));
  EXPECT_EQ(all.at("memcg.cache"), 8192);
  EXPECT_EQ(all.at("memcg.pgpgout"), 20);
  EXPECT_EQ(all.at("memcg.usage"), 12288);
  EXPECT_EQ(all.at("memcg.max"), 9);
  EXPECT_EQ(all.at("memcg.oom_kill"), 2);
}

TEST_F(Memcg, UnconfinedTrialHasNone) {
  EXPECT_TRUE(std::holds_alternative<Unavailable>(open("memcg", Target{})));
}

TEST(Probes, ReadingAllocatesNothing) {
  for (const char* const name : {"interrupts", "vmstat", "psi", "cpu"}) {
    Opened opened = open(name, fixture("vm-2cpu"));
    auto& probe = std::get<std::unique_ptr<Probe>>(opened);
    std::vector<double> row(probe->columns().size());
    const long before = test::allocations();
    probe->read(row);
    EXPECT_EQ(test::allocations() - before, 0) << name;
  }
}

TEST(Probes, ColumnsAreNamedForTheirProbeAndDistinct) {
  for (const char* const name : {"interrupts", "vmstat", "psi", "cpu"}) {
    std::map<std::string, int> seen;
    const Opened opened = open(name, fixture("vm-2cpu"));
    for (const Column& column : std::get<std::unique_ptr<Probe>>(opened)->columns()) {
      EXPECT_TRUE(column.name.starts_with(std::string(name) + ".")) << column.name;
      EXPECT_FALSE(column.unit.empty()) << column.name;
      EXPECT_EQ(seen[column.name]++, 0) << column.name;
    }
  }
}

}  // namespace
}  // namespace tlbstorm::probe
