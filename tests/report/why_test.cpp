// SPDX-License-Identifier: Apache-2.0
// The figures that say why, and the block of the summary that they make.
#include <gmock/gmock.h>

#include "harness/report/why_block.hpp"
#include "tests/judge/judged_trial.hpp"

namespace tlbstorm::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class Causes : public judge::JudgedTrial {
 protected:
  Causes() {
    grow_["tlbflush.sent"] = 500;
    grow_["tlbflush.sent_by_trial"] = 350;
    grow_["tlbflush.sent_by_kswapd"] = 100;
    grow_["tlbflush.sent_full"] = 400;
    grow_["tlbflush.sent_1_page"] = 100;
    grow_["kswapd.cpu"] = 0.5;
  }
};

TEST_F(Causes, SharesOfTheFlushesSent) {
  const auto all = figures(judge());
  EXPECT_DOUBLE_EQ(all.at("flushes_by_trial"), 0.7);
  EXPECT_DOUBLE_EQ(all.at("flushes_by_kswapd"), 0.2);
  EXPECT_NEAR(all.at("flushes_by_others"), 0.1, 1e-9);
  EXPECT_DOUBLE_EQ(all.at("full_flushes"), 0.8);
  EXPECT_DOUBLE_EQ(all.at("flushes_of_1_page"), 0.2);
  EXPECT_DOUBLE_EQ(all.at("kswapd_cpu"), 0.25) << "half a second in two";
}

TEST_F(Causes, WithoutFlushesAreAbsent) {
  grow_["tlbflush.sent"] = 0;
  EXPECT_EQ(absence(judge(), "flushes_by_trial"), "no flush was sent");
}

TEST_F(Causes, ScannedAtTheLimitIsWhatWasNotScannedForTheMachine) {
  grow_["vmstat.pgscan_anon"] = 2000;
  grow_["vmstat.pgscan_file"] = 16000;
  grow_["vmstat.pgscan_kswapd"] = 4000;
  grow_["vmstat.pgscan_direct"] = 1000;
  EXPECT_DOUBLE_EQ(figures(judge()).at("limit_scan_rate"), 6500);
  grow_["vmstat.pgscan_proactive"] = 3000;
  EXPECT_DOUBLE_EQ(figures(judge()).at("limit_scan_rate"), 5000);
  grow_.erase("vmstat.pgscan_direct");
  EXPECT_NE(absence(judge(), "limit_scan_rate"), "");
}

TEST_F(Causes, CountersOfTheCpuGiveCyclesAndMisses) {
  EXPECT_THAT(absence(judge(), "ipc"), HasSubstr("perf"));
  grow_["perf.cycles_user"] = 1e6;
  grow_["perf.cycles_kernel"] = 3e6;
  grow_["perf.instructions_user"] = 1e6;
  grow_["perf.instructions_kernel"] = 1e6;
  grow_["perf.dTLB-load-misses_user"] = 30000;
  grow_["perf.dTLB-load-misses_kernel"] = 10000;
  const auto all = figures(judge());
  EXPECT_DOUBLE_EQ(all.at("ipc"), 0.5);
  EXPECT_DOUBLE_EQ(all.at("kernel_cycles"), 0.75);
  EXPECT_DOUBLE_EQ(all.at("dtlb_misses_per_operation"), 2);
}

TEST_F(Causes, SwapDevicesTimesAreByRequest) {
  plan_.swaps = true;
  grow_["swapdev.reads"] = 1000;
  grow_["swapdev.read_time"] = 0.08;
  grow_["swapdev.writes"] = 0;
  grow_["swapdev.write_time"] = 0;
  EXPECT_NEAR(figures(judge()).at("swap_read_latency"), 80e3, 1e-3);
  EXPECT_EQ(absence(judge(), "swap_write_latency"), "no such request was made");
}

record::RunFolder run_with(std::map<std::string, std::map<int, double>> series) {
  record::RunFolder run;
  for (const int trial : {1, 2, 3}) {
    record::TrialRecord& one = run.manifest.trials.emplace_back();
    one.trial = trial;
    one.valid = trial < 3;
  }
  for (auto& [metric, by_trial] : series) run.series.push_back({metric, "", by_trial});
  return run;
}

TEST(WhyBlock, SaysTheMediansOfValidTrialsThatAreKnown) {
  const std::string block = why_block(run_with({{"flushes_by_trial", {{1, 0.4}, {2, 0.6}, {3, 0.9}}},
                                                {"flushes_of_32", {{1, 1.0}, {2, 1.0}}},
                                                {"flushes_of_1_page", {{1, 0.0}, {2, 0.0}}},
                                                {"swap_read_latency", {{1, 80e3}, {2, 80e3}}}}));
  EXPECT_THAT(block, HasSubstr("the trial 50.0%"));
  EXPECT_THAT(block, Not(HasSubstr("kswapd"))) << "not known, so not said";
  EXPECT_THAT(block, HasSubstr("flush size  32: 100.0%\n")) << "what did not happen is left out";
  EXPECT_THAT(block, HasSubstr("80 us a read"));
}

TEST(WhyBlock, IsNotThereWhenNothingIsKnown) {
  EXPECT_EQ(why_block(run_with({{"throughput", {{1, 5.0}}}})), "");
}

TEST(WhyBlock, ItsFiguresAreNotInTheTableToo) {
  EXPECT_TRUE(is_cause("flushes_by_trial"));
  EXPECT_FALSE(is_cause("ipis_per_page"));
}

}  // namespace
}  // namespace tlbstorm::report
