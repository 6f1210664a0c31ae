// SPDX-License-Identifier: Apache-2.0
// What the probes count on the real kernel, held against each other and against the workload.
#include <map>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

class Probes : public PhysicsTest {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_zram(); !why.empty()) GTEST_SKIP() << why;
    if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  }
  static double grew(const std::string& folder, const std::string& column) {
    const auto by = growth(folder, column);
    EXPECT_TRUE(by) << column << " is not there";
    return by.value_or(0);
  }
};

TEST_F(Probes, ReclaimsFlushesAreReceivedAreTheTrialsOwnAndEmptyTheTlb) {
  const std::string folder = valid_run(
      {"pageout", "--pages", "dirty-anon", "--swap", "zram:128M", "--region", "16M", "--trials", "1"});
  if (folder.empty()) return;
  if (!growth(folder, "tlbflush.sent")) GTEST_SKIP() << "no tracepoints here";
  const double sent = grew(folder, "tlbflush.sent");
  EXPECT_GT(sent, 4096);
  EXPECT_NEAR(grew(folder, "tlbflush.received"), grew(folder, "interrupts.tlb"), 0.02 * sent);
  double by_pages = 0, by_cpu = 0;
  for (const char* const pages : {"1_page", "2_7", "8_31", "32", "33_511", "full"})
    by_pages += grew(folder, std::string("tlbflush.sent_") + pages);
  EXPECT_EQ(by_pages, sent);
  for (int cpu = 0; growth(folder, "tlbflush.received_cpu" + std::to_string(cpu)); ++cpu)
    by_cpu += grew(folder, "tlbflush.received_cpu" + std::to_string(cpu));
  EXPECT_EQ(by_cpu, grew(folder, "tlbflush.received"));
  EXPECT_GT(grew(folder, "tlbflush.sent_by_trial"), 0.95 * sent);
  // arch/x86/mm/tlb.c: arch_tlbbatch_flush asks for no less.
  EXPECT_GT(grew(folder, "tlbflush.sent_full"), 0.95 * sent);
  EXPECT_NE(done_.out.find("\n  why\n    flushes by  the trial "), std::string::npos) << done_.out;
}

TEST_F(Probes, ProtectionOfOnePageFlushesOnePage) {
  const std::string folder = run({"mprotect-storm", "--trials", "1", "--warmup", "0", "--duration", "300ms"});
  if (folder.empty()) return;
  if (!growth(folder, "tlbflush.sent")) GTEST_SKIP() << "no tracepoints here";
  EXPECT_GT(grew(folder, "tlbflush.sent_1_page"), 0.95 * grew(folder, "tlbflush.sent"));
}

TEST_F(Probes, FunctionCallInterruptsAreThoseOfTheCalRow) {
  const std::string folder =
      run({"mprotect-storm", "--trials", "1", "--warmup", "0", "--duration", "300ms", "--probes", "all"});
  if (folder.empty()) return;
  if (!growth(folder, "irqcost.call_single_interrupts")) GTEST_SKIP() << "no tracepoints here";
  const double taken =
      grew(folder, "irqcost.call_single_interrupts") + grew(folder, "irqcost.call_interrupts");
  EXPECT_NEAR(taken, grew(folder, "interrupts.cal"), 0.02 * taken);
}

TEST_F(Probes, WhatDisturbsIsCountedInATrialOfItsOwnBehindTheOthers) {
  const std::string folder =
      run({"unmap-churn", "--trials", "2", "--warmup", "0", "--duration", "400ms", "--explain", "auto"});
  if (folder.empty()) return;
  const nlohmann::json trials = manifest(folder)["trials"];
  ASSERT_EQ(trials.size(), 3u);
  const auto has = [](const nlohmann::json& trial, const char* probe) {
    return std::find(trial["probes"].begin(), trial["probes"].end(), probe) != trial["probes"].end();
  };
  for (const int measuring : {0, 1}) {
    EXPECT_EQ(trials[measuring]["kind"], "measuring");
    for (const char* const probe : {"tlbflush", "perf", "irqcost"})
      EXPECT_FALSE(has(trials[measuring], probe)) << probe;
    EXPECT_FALSE(trials[measuring].contains("instrument")) << trials[measuring]["instrument"];
  }
  EXPECT_EQ(trials[2]["kind"], "explaining");
  EXPECT_EQ(figures(folder, "tlb_ipis").size(), 3u);
  const double whole = figures(folder, "tlb_ipis")[0], half = figures(folder, "tlb_ipis")[2];
  EXPECT_LT(half, 0.8 * whole) << "it is half as long";
  if (!has(trials[2], "tlbflush")) GTEST_SKIP() << "no tracepoints here";
  EXPECT_EQ(figures(folder, "tlb_flushes_sent").size(), 1u);
  EXPECT_NE(done_.out.find("  explaining   change"), std::string::npos) << done_.out;
  EXPECT_NE(done_.out.find("flushes by"), std::string::npos) << done_.out;
}

TEST_F(Probes, NothingExplainsWhereNothingIsToBeExplained) {
  const std::string folder =
      run({"unmap-churn", "--trials", "1", "--warmup", "0", "--duration", "100ms", "--explain", "none"});
  if (folder.empty()) return;
  EXPECT_EQ(manifest(folder)["trials"].size(), 1u);
  EXPECT_TRUE(figures(folder, "tlb_flushes_sent").empty());
  EXPECT_NE(done_.out.find("was left out by --explain none"), std::string::npos) << done_.out;
}

// Whoever takes the CPU of the worker that is interrupted, for however short a time, saves the other one its
// interrupts: the most of three runs are those of the trial that had its CPUs.
TEST_F(Probes, DefaultOnesLeaveTheInterruptsOfAnOperationAsTheyAre) {
  std::map<std::string, double> most;
  for (int round = 0; round < 3; ++round)
    for (const char* const probes : {"interrupts", "default"}) {
      const std::string folder = valid_run(
          {"unmap-churn", "--trials", "1", "--warmup", "100ms", "--duration", "400ms", "--probes", probes});
      if (folder.empty()) return;
      most[probes] = std::max(most[probes], figure(folder, "ipis_per_operation"));
    }
  EXPECT_NEAR(most["default"], most["interrupts"], 0.1 * most["interrupts"]);
}

TEST_F(Probes, ReclaimAtTheLimitGivesWhatTheKernelSaysWasStolen) {
  const std::string folder = run({"file-cache", "--sparse", "--memory", "48M", "--size", "192M", "--trials",
                                  "1", "--warmup", "0", "--duration", "500ms"});
  if (folder.empty()) return;
  if (!growth(folder, "vmscan.memcg_reclaimed")) GTEST_SKIP() << "no tracepoints here";
  const double stolen = grew(folder, "vmstat.pgsteal_file") + grew(folder, "vmstat.pgsteal_anon");
  EXPECT_GT(stolen, 1000);
  EXPECT_NEAR(grew(folder, "vmscan.memcg_reclaimed"), stolen, 0.05 * stolen);
  EXPECT_GT(grew(folder, "vmscan.memcg_reclaims"), 0);
}

TEST_F(Probes, EventsOfTheTrialAreItsOwn) {
  const std::string folder =
      run({"usemem", "--size", "16M", "--workers", "2", "--trials", "1", "--events", "minor-faults,cycles"});
  if (folder.empty()) return;
  const double of_trial = grew(folder, "perf.trial_minor-faults");
  EXPECT_GE(of_trial, 2 * 4096) << "each page is touched for the first time";
  EXPECT_LT(of_trial, 3 * 4096);

  double of_cpus = 0;
  for (int cpu = 0; cpu < 2 * online_cpus(); ++cpu)  // some numbers may be offline
    of_cpus += growth(folder, "perf.minor-faults_cpu" + std::to_string(cpu)).value_or(0);
  EXPECT_EQ(of_cpus, grew(folder, "perf.minor-faults"));
  EXPECT_GE(of_cpus, of_trial);
}

TEST_F(Probes, EventThatNoCpuHasIsRefusedBeforeAnythingIsTouched) {
  const Finished done = place_.run({"run", "usemem", "--size", "4M", "--events", "minor-faults,cycels"});
  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("did you mean cycles?"), std::string::npos) << done.err;
}

}  // namespace
}  // namespace tlbstorm::test
