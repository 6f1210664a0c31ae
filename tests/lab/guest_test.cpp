// SPDX-License-Identifier: Apache-2.0
// What few machines have: four NUMA nodes, cgroup v2, an NVMe disk in many partitions, a kernel of the lab's.
// Runs in a guest of scripts/lab/lab test, with 4 sockets of 2 CPUs, and skips elsewhere.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <fstream>
#include <sstream>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

constexpr int kNodes = 4;
constexpr const char* kPartitions = "device:/dev/nvme0n1p*";

/// Whether the kernel that runs is this variant of scripts/lab/variants.
bool kernel_is(const std::string& variant) {
  utsname name{};
  return ::uname(&name) == 0 && std::string(name.release).ends_with("-" + variant);
}

class Guest : public PhysicsTest {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/sys/devices/system/node/node3") ||
        !std::filesystem::exists("/dev/nvme0n1p2"))
      GTEST_SKIP() << "no guest of the lab: there are no four nodes, or no NVMe disk with partitions";
  }
  /// How much a column grew, 0 when it is absent, with a failure.
  static double grew(const std::string& folder, const std::string& column) {
    const std::optional<double> by = growth(folder, column);
    EXPECT_TRUE(by.has_value()) << column << " is absent";
    return by.value_or(0);
  }
};

/// Sectors written to each partition: the seventh field of its stat (Documentation/block/stat.rst).
std::map<std::string, double> written() {
  std::map<std::string, double> sectors;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/block/nvme0n1")) {
    std::istringstream stat(text_of(entry.path() / "stat"));
    double field = 0;
    if (!entry.path().filename().native().starts_with("nvme0n1p")) continue;
    for (int i = 0; i < 7; ++i) stat >> field;
    sectors[entry.path().filename()] = field;
  }
  return sectors;
}

TEST_F(Guest, WorkersAreOnTheNodeThatWasAskedAndInterruptsStayThere) {
  const std::string folder = run({"unmap-churn", "--placement", "node:2", "--workers", "2", "--trials", "1",
                                  "--warmup", "200ms", "--duration", "1s"});
  ASSERT_FALSE(folder.empty());
  EXPECT_EQ(manifest(folder)["plan"]["cpus"], nlohmann::json({4, 5}));
  const double all = grew(folder, "interrupts.tlb");
  EXPECT_GT(all, 100);
  EXPECT_GT(grew(folder, "interrupts.tlb_cpu4") + grew(folder, "interrupts.tlb_cpu5"), 0.9 * all);
}

TEST_F(Guest, ScatteredWorkersAreOneOnEachSocket) {
  const std::string folder = run({"unmap-churn", "--placement", "scatter", "--workers", "4", "--trials", "1",
                                  "--warmup", "200ms", "--duration", "500ms"});
  ASSERT_FALSE(folder.empty());
  EXPECT_EQ(manifest(folder)["plan"]["cpus"], nlohmann::json({0, 2, 4, 6}));
}

TEST_F(Guest, MemoryIsOnTheNodeOfItsPolicy) {
  const std::string folder = run({"usemem", "--size", "32M", "--workers", "1", "--placement", "node:0",
                                  "--mempolicy", "bind:3", "--trials", "1", "--probes", "all"});
  ASSERT_FALSE(folder.empty());
  constexpr double kPages = 32 << 8;
  EXPECT_GT(grew(folder, "numa.node3_other_node"), 0.9 * kPages) << "pages of node 3 for a task of node 0";
  EXPECT_LT(grew(folder, "numa.node1_numa_hit"), 0.5 * kPages);
}

TEST_F(Guest, PageThatMigratesBetweenNodesCostsAFlush) {
  // With more workers they wait for each other, and a CPU that sleeps gets no interrupt.
  const std::string folder =
      run({"unmap-churn", "--op", "migrate", "--nodes", "0,3", "--workers", "1", "--bystanders", "1",
           "--trials", "1", "--warmup", "500ms", "--duration", "2s"});
  ASSERT_FALSE(folder.empty());
  EXPECT_NEAR(figure(folder, "ipis_per_page_taken"), 1, 0.2);
}

TEST_F(Guest, SecondVersionOfCgroupsCountsWhatWasReclaimed) {
  const std::string folder = run({"file-cache", "--sparse", "--memory", "64M", "--size", "512M", "--trials",
                                  "1", "--warmup", "1s", "--duration", "2s"});
  ASSERT_FALSE(folder.empty());
  EXPECT_GT(grew(folder, "memcg.pgsteal"), 1000);
  EXPECT_NE(done_.out.find("memory.stat of the trial's cgroup: pgsteal"), std::string::npos) << done_.out;
  EXPECT_GT(figure(folder, "memory_stall_some"), 0);
}

TEST_F(Guest, PartitionsOfOneDiskShareTheSwappingEqually) {
  const std::map<std::string, double> before = written();
  const std::string folder = run({"swap-churn", "--memory", "64M", "--swap", kPartitions, "--trials", "1",
                                  "--warmup", "1s", "--duration", "3s"});
  ASSERT_FALSE(folder.empty()) << "every page is verified";
  EXPECT_EQ(manifest(folder)["plan"]["swap"].size(), before.size());
  for (const auto& [partition, sectors] : written()) EXPECT_GT(sectors, before.at(partition)) << partition;
  EXPECT_GT(figure(folder, "swap_out_rate"), 0);
}

TEST_F(Guest, DiskThatHasPartitionsIsRefused) {
  const Finished refused =
      place_.run({"run", "pageout", "--pages", "dirty-anon", "--swap", "device:/dev/nvme0n1"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("/dev/nvme0n1"), std::string::npos) << refused.err;
}

TEST_F(Guest, DirtyPagesCostAnInterruptEachOnEverySharer) {
  const std::string folder =
      run({"pageout", "--pages", "dirty-anon", "--region", "8M", "--swap", kPartitions, "--trials", "1"});
  ASSERT_FALSE(folder.empty());
  if (kernel_is("dirty-batched")) {
    EXPECT_GT(figure(folder, "pages_per_flush"), 4);
    EXPECT_LT(figure(folder, "ipis_per_page"), 2);
  } else {
    EXPECT_NEAR(figure(folder, "pages_per_flush"), 1, 0.1);
    EXPECT_GT(figure(folder, "ipis_per_page"), 0.6 * (online_cpus() - 1));
  }
}

TEST_F(Guest, GlobalPressureWakesTheKswapdOfEachNode) {
  const std::string folder =
      run({"file-cache", "--pressure", "global", "--sparse", "--size", "4G", "--ballast", "30%", "--trials",
           "1", "--warmup", "8s", "--duration", "4s", "--timeout", "5m"});
  ASSERT_FALSE(folder.empty());
  for (int node = 0; node < kNodes; ++node)
    EXPECT_GT(grew(folder, fmt::format("kswapd.kswapd{}_cpu", node)), 0);
  if (kernel_is("unbatched"))
    EXPECT_NEAR(figure(folder, "pages_per_flush"), 1, 0.05);
  else
    EXPECT_GT(figure(folder, "pages_per_flush"), 3);
}

TEST_F(Guest, SwitchableKernelBatchesOrNotWithinOneBoot) {
  const std::string knob = "/sys/module/rmap/parameters/batch_flush";
  if (!kernel_is("switchable")) GTEST_SKIP() << "the kernel is not the lab's switchable one";
  const auto pages_per_flush = [&](const char* batched) {
    std::ofstream(knob) << batched;
    const std::string folder = run({"pageout", "--region", "8M", "--trials", "1"});
    return folder.empty() ? 0 : figure(folder, "pages_per_flush");
  };
  EXPECT_NEAR(pages_per_flush("N"), 1, 0.05);
  EXPECT_GT(pages_per_flush("Y"), 3);
}

TEST_F(Guest, DoctorSaysWhatAnNvmeDiskForSwapStillNeeds) {
  const Finished checked = place_.run({"doctor", "--profile", "swap-ssd"});
  EXPECT_EQ(checked.code, 1) << "no swap is active";
  EXPECT_NE(checked.out.find("swap"), std::string::npos);
}

TEST_F(Guest, MicrobenchmarksReachOtherSocketsAndMovePagesBetweenNodes) {
  const std::string file = place_.path() / "benches.json";
  const Finished done =
      place_.run({"--benchmark_filter=^(mprotect/anon/sharers:1/pages:64/placement:other-socket|"
                  "migrate/anon/sharers:1/pages:1)/real_time",
                  "--benchmark_min_time=0.05", "--benchmark_out=" + file, "--benchmark_out_format=json"},
                 Program::bench);
  ASSERT_EQ(done.code, 0) << done.err;
  const nlohmann::json results = nlohmann::json::parse(text_of(file));
  ASSERT_EQ(results["benchmarks"].size(), 2u) << done.out;
  for (const auto& one : results["benchmarks"]) EXPECT_GE(one.value("ipis_per_op", 0.0), 0.9) << one;
  EXPECT_FALSE(results["context"].contains("skipped migrate/anon"));
  EXPECT_FALSE(results["context"].contains("skipped */placement:other-socket"));
}

}  // namespace
}  // namespace tlbstorm::test
