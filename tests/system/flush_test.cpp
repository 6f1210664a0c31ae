// SPDX-License-Identifier: Apache-2.0
// mprotect-storm, unmap-churn and bystanders on the real kernel: who shares an mm pays, who does not does
// not.
#include <numeric>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

class Flush : public PhysicsTest {
 protected:
  void SetUp() override {
    if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  }
  /// With what counts the interrupts alone: more counters change how workers wait for mmap_lock
  /// (docs/performance.md).
  std::string once(Words words, const std::string& workers = "2") {
    words.insert(words.end(), {"--workers", workers, "--trials", "1", "--warmup", "200ms", "--duration",
                               "500ms", "--probes", "interrupts,cpu"});
    return valid_run(words);
  }
};

TEST_F(Flush, ThreadsThatFlipRightsInterruptEachOtherAndProcessesDoNot) {
  const std::string threads = once({"mprotect-storm"});
  const std::string processes = once({"mprotect-storm", "--mode", "processes"});
  if (threads.empty() || processes.empty()) return;
  EXPECT_GT(figure(threads, "ipis_per_operation"), 0.5);
  EXPECT_GE(figure(threads, "ipis_per_operation"), 10 * figure(processes, "ipis_per_operation"));
  EXPECT_GT(figure(processes, "throughput"), figure(threads, "throughput"));
}

TEST_F(Flush, LoneWorkerInterruptsNobodyUnlessAReaderHoldsTranslations) {
  const std::string alone = once({"mprotect-storm"}, "1");
  const std::string read = once({"mprotect-storm", "--readers", "1"}, "2");
  if (alone.empty() || read.empty()) return;
  EXPECT_LT(figure(alone, "ipis_per_operation"), 0.01);
  EXPECT_GT(figure(read, "ipis_per_operation"), 0.5);
  for (const std::string& folder : {alone, read})
    EXPECT_NEAR(figure(folder, "ns_per_cycle"), 1e9 / figure(folder, "throughput"),
                0.001 * figure(folder, "ns_per_cycle"))
        << "one worker flips in both";
}

TEST_F(Flush, EveryKindOfMemoryAndCycleCanBeGuarded) {
  for (const char* const kind : {"memfd", "sysv", "file"}) {
    const std::string folder = run({"mprotect-storm", "--memory-kind", kind, "--region", "1M", "--trials",
                                    "1", "--warmup", "0", "--duration", "200ms"});
    if (folder.empty()) continue;
    EXPECT_GT(figure(folder, "throughput"), 0) << kind;
  }
  for (const char* const cycle : {"none-rw", "exec"}) {
    const std::string folder = run({"mprotect-storm", "--cycle", cycle, "--pages-per-call", "4", "--stride",
                                    "8", "--trials", "1", "--warmup", "0", "--duration", "200ms"});
    if (folder.empty()) continue;
    EXPECT_GT(figure(folder, "ipis_per_operation"), 0) << cycle;
  }
}

TEST_F(Flush, TakingPagesAwayCostsAnInterruptACallHoweverManyPagesItTakes) {
  const std::string one = once({"unmap-churn", "--op", "dontneed"});
  const std::string many = once({"unmap-churn", "--op", "dontneed", "--pages-per-call", "64"});
  const std::string apart = once({"unmap-churn", "--op", "dontneed", "--mode", "processes"});
  if (one.empty() || many.empty() || apart.empty()) return;
  EXPECT_GT(figure(one, "ipis_per_page_taken"), 0.5);
  EXPECT_LT(figure(many, "ipis_per_page_taken"), figure(one, "ipis_per_page_taken") / 10);
  EXPECT_GT(figure(many, "ipis_per_operation"), 0.5);
  EXPECT_GE(figure(one, "ipis_per_operation"), 10 * figure(apart, "ipis_per_operation"));
}

TEST_F(Flush, EveryWayOfTakingPagesAwayFlushes) {
  for (const char* const op : {"munmap", "free", "mremap", "cold"}) {
    const std::string folder = run({"unmap-churn", "--op", op, "--workers", "2", "--trials", "1", "--warmup",
                                    "100ms", "--duration", "300ms"});
    if (folder.empty()) continue;
    EXPECT_GT(figure(folder, "ipis_per_operation"), 0.05) << op;
  }
}

TEST_F(Flush, MigrationNeedsTwoNodes) {
  if (std::filesystem::exists("/sys/devices/system/node/node1"))
    GTEST_SKIP() << "this machine has several nodes";
  const Finished refused = place_.run({"run", "unmap-churn", "--op", "migrate"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("this machine has one NUMA node"), std::string::npos) << refused.err;
}

TEST_F(Flush, BystanderSeesEveryInterruptAsAGap) {
  const std::string folder = once({"unmap-churn", "--op", "dontneed", "--bystanders", "1"}, "1");
  const std::string control =
      once({"unmap-churn", "--op", "dontneed", "--bystanders", "1", "--mode", "processes"}, "1");
  if (folder.empty() || control.empty()) return;
  // Each handler that runs on its CPU is a gap; some gaps are of other interrupts.
  EXPECT_GT(figure(folder, "bystander_gaps"), 0.8 * figure(folder, "tlb_ipi_rate"));
  if (is_emulated()) return;  // the rest is about time
  EXPECT_GT(figure(folder, "bystander_lost_time"), 3 * figure(control, "bystander_lost_time"));
  EXPECT_GT(figure(folder, "bystander_gap_max"), figure(folder, "bystander_gap_p50"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/gaps.csv"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/bystanders.csv"));
}

TEST_F(Flush, WithoutBystandersNothingOfThemRuns) {
  const std::string folder = run({"unmap-churn", "--trials", "1", "--warmup", "0", "--duration", "100ms"});
  if (folder.empty()) return;
  EXPECT_TRUE(figures(folder, "bystander_lost_time").empty());
  EXPECT_FALSE(std::filesystem::exists(folder + "/gaps.csv"));
}

TEST_F(Flush, SweepOfWorkersGivesATableThatShowsTheCost) {
  const std::string folder = place_.new_folder();
  const Finished done = place_.run({"run", "mprotect-storm", "--sweep", "workers=1..2", "--trials", "1",
                                    "--warmup", "100ms", "--duration", "300ms", "--output", folder});
  ASSERT_EQ(done.code, 0) << done.err << done.out;
  EXPECT_NE(done.out.find("of linear"), std::string::npos) << done.out;
  for (const char* const file : {"/batch.json", "/points.csv", "/workers=1/run.json", "/workers=2/run.json"})
    EXPECT_TRUE(std::filesystem::exists(folder + file)) << file;
  const double alone = figure(folder + "/workers=1", "throughput");
  EXPECT_LT(figure(folder + "/workers=2", "throughput"), 2 * alone) << "shootdowns cost nothing";
  const Finished again = place_.run({"report", folder});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, done.out);
}

}  // namespace
}  // namespace tlbstorm::test
