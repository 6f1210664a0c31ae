// SPDX-License-Identifier: Apache-2.0
// From samples to figures, absences and checks.
#include "harness/judge/judge.hpp"

#include <set>

#include "harness/judge/metrics.hpp"
#include "tests/judge/judged_trial.hpp"

namespace tlbstorm::judge {
namespace {

using namespace std::chrono_literals;

class JudgeTest : public JudgedTrial {};

TEST_F(JudgeTest, FiguresFollowTheirDefinitions) {
  const auto all = figures(judge());
  EXPECT_DOUBLE_EQ(all.at("tlb_ipis"), 1000);
  EXPECT_DOUBLE_EQ(all.at("pages_reclaimed"), 8000);
  EXPECT_DOUBLE_EQ(all.at("ipis_per_page"), 0.125);
  EXPECT_DOUBLE_EQ(all.at("pages_per_flush"), 16);
  EXPECT_DOUBLE_EQ(all.at("tlb_ipi_rate"), 500);
  EXPECT_DOUBLE_EQ(all.at("throughput"), 10000);
  EXPECT_DOUBLE_EQ(all.at("reclaim_rate_kswapd"), 1500);
  EXPECT_DOUBLE_EQ(all.at("reclaim_rate_direct"), 2500);
  EXPECT_DOUBLE_EQ(all.at("kswapd_efficiency"), 0.75);
  EXPECT_DOUBLE_EQ(all.at("direct_velocity"), 6000);
  EXPECT_DOUBLE_EQ(all.at("user_time"), 0.5);
}

TEST_F(JudgeTest, PagesComeFromTheBestSourceAndItIsSaid) {
  EXPECT_NE(judge().reclaim_source.find("/proc/vmstat"), std::string::npos);
  grow_["memcg.pgsteal"] = 7000;
  EXPECT_NE(judge().reclaim_source.find("memory.stat"), std::string::npos);
  EXPECT_DOUBLE_EQ(figures(judge()).at("pages_reclaimed"), 7000);
  grow_["workload.pages_gone"] = 6000;
  EXPECT_NE(judge().reclaim_source.find("own count"), std::string::npos);
  EXPECT_DOUBLE_EQ(figures(judge()).at("pages_reclaimed"), 6000);
}

TEST_F(JudgeTest, AbsentIsNotZero) {
  grow_.erase("tlbflush.sent");
  result_.sampling.absent.push_back({"tlbflush", {"it is for root", "run as root"}});
  const record::Judgement judgement = judge();
  EXPECT_FALSE(figures(judgement).contains("tlb_flushes_sent"));
  EXPECT_EQ(absence(judgement, "tlb_flushes_sent"), "it is for root");
  EXPECT_EQ(absence(judgement, "pages_per_flush"), "it is for root");
  EXPECT_NE(absence(judgement, "memory_stall_some").find("left out by --probes"), std::string::npos);
}

TEST_F(JudgeTest, CounterThatFellIsNoFigureAndNothingDerivedFromItIs) {
  grow_["interrupts.tlb"] = -1000;
  const record::Judgement judgement = judge();
  for (const char* const metric : {"tlb_ipis", "ipis_per_page", "tlb_ipi_rate", "ipis_per_operation"})
    EXPECT_EQ(absence(judgement, metric),
              "interrupts.tlb fell while the trial ran: how much it grew is not known")
        << metric;
  for (const auto& [metric, value] : figures(judgement)) EXPECT_GE(value, 0) << metric;
  EXPECT_TRUE(figures(judgement).contains("cal_interrupts"));
}

TEST_F(JudgeTest, CounterThatCouldNotBeReadAtAnEdgeIsNotOneThatTheKernelLacks) {
  grow_["interrupts.tlb"] = grow_["vmstat.pgsteal_anon"] = grow_["vmstat.pgsteal_khugepaged"] =
      probe::kAbsent;
  const record::Judgement judgement = judge();
  EXPECT_EQ(absence(judgement, "tlb_ipis"),
            "interrupts.tlb could not be read where the measured phase began or ended");
  EXPECT_EQ(absence(judgement, "pages_reclaimed"),
            "vmstat.pgsteal_anon could not be read where the measured phase began or ended");
  EXPECT_TRUE(figures(judgement).contains("reclaim_rate_kswapd"));
  grow_["vmstat.pgsteal_anon"] = 0;
  EXPECT_EQ(absence(judge(), "reclaim_rate_direct"),
            "vmstat.pgsteal_khugepaged could not be read where the measured phase began or ended")
      << "a counter that is there and not known is not one that a kernel does without";
}

TEST_F(JudgeTest, CounterThatTheKernelDoesWithoutIsNothingToAdd) {
  grow_.erase("vmstat.pgsteal_khugepaged");
  grow_.erase("vmstat.pgsteal_proactive");
  EXPECT_DOUBLE_EQ(figures(judge()).at("reclaim_rate_direct"), 2500);
  grow_.erase("vmstat.pgsteal_anon");
  EXPECT_EQ(absence(judge(), "reclaim_rate_direct"), "the probe vmstat was left out by --probes");
}

TEST_F(JudgeTest, CheckThatCouldNotBeMadeIsUnknownWithItsReason) {
  for (const auto& [column, check] : {std::pair{"cpu.steal", "steal"},
                                      {"vmstat.swpout_zero", "zero_pages"},
                                      {"vmstat.pswpout", "zero_pages"},
                                      {"vmstat.pgsteal_file", "pages_gone"}}) {
    const auto before = grow_;
    grow_[column] = probe::kAbsent;
    for (const Finding& one : judge().checks) {
      if (one.id != check) continue;
      EXPECT_EQ(one.grade, Grade::unknown) << column;
      EXPECT_EQ(one.found,
                std::string(column) + " could not be read where the measured phase began or ended");
    }
    grow_ = before;
  }
}

TEST_F(JudgeTest, WhatAKilledWorkerUsedIsNotKnown) {
  plan_.workers_spin = plan_.swaps = true;
  grow_["vmstat.pswpin"] = 1000;
  result_.workers[1].measured = {};
  result_.killed = true;
  const std::set<std::string> about_use{"foreign_load", "sharers_on_cpu", "waiting_for_cpu", "device_io"};
  for (const Finding& check : judge().checks) {
    if (!about_use.contains(check.id)) continue;
    EXPECT_EQ(check.grade, Grade::unknown) << check.id;
    EXPECT_EQ(check.found, "a worker was killed: what it used last is not known") << check.id;
  }
}

TEST_F(JudgeTest, NothingReclaimedHasNoRatioAndIsInvalid) {
  grow_["vmstat.pgsteal_file"] = 0;
  grow_["vmstat.pgsteal_kswapd"] = 0;
  const record::Judgement judgement = judge();
  EXPECT_EQ(absence(judgement, "ipis_per_page"), "nothing was reclaimed");
  EXPECT_FALSE(judgement.valid());
  EXPECT_EQ(verdict("pages_gone"), Grade::failed);
}

TEST_F(JudgeTest, FewPagesOrOperationsAreNothingToCountBy) {
  grow_["vmstat.pgsteal_file"] = 31;
  grow_["workload.operations"] = 6;
  const record::Judgement few = judge();
  EXPECT_EQ(absence(few, "ipis_per_page"), "there were only 31 to count it by: less than 32");
  EXPECT_EQ(absence(few, "ipis_per_operation"), "there were only 6 to count it by: less than 32");
  grow_["vmstat.pgsteal_file"] = 32;
  EXPECT_DOUBLE_EQ(figures(judge()).at("ipis_per_page"), 1000.0 / 32);
}

TEST_F(JudgeTest, GoodTrialIsValid) {
  for (const Finding& check : judge().checks)
    EXPECT_NE(check.grade, Grade::failed) << check.id << check.found;
  EXPECT_TRUE(judge().valid());
}

TEST_F(JudgeTest, EachFaultIsFoundByItsCheck) {
  result_.outcome = trial::Outcome::oom;
  result_.invalid = {"a page was wrong"};
  result_.workers[1].measured.waiting = 600ms;
  plan_.workers_spin = true;
  result_.workers[0].measured.on_cpu = 1s;
  disturb("cc1plus", 1, std::chrono::milliseconds{300});
  grow_["cpu.steal"] = 1.0;
  grow_["vmstat.swpout_zero"] = 100;
  for (const char* const check :
       {"outcome", "workload", "waiting_for_cpu", "sharers_on_cpu", "foreign_load", "steal", "zero_pages"})
    EXPECT_EQ(verdict(check), Grade::failed) << check;
}

TEST_F(JudgeTest, WhatCannotBeKnownIsSaidSo) {
  result_.workers[1].measured.waiting = 600ms;
  EXPECT_EQ(verdict("waiting_for_cpu"), Grade::ok) << "for kernel threads that reclaim for it";
  plan_.cpus = {1, 1};
  EXPECT_EQ(verdict("several_cpus"), Grade::unknown);
  machine_.flush.method = machine::FlushMethod::hypercall;
  EXPECT_EQ(verdict("flush_path"), Grade::unknown);
  result_.others.accounted = false;
  EXPECT_EQ(verdict("foreign_load"), Grade::unknown) << "nobody knows of tasks that have ended";
  result_.others = {};
  EXPECT_EQ(verdict("foreign_load"), Grade::unknown);
  EXPECT_EQ(verdict("waiting_for_cpu"), Grade::unknown);
}

TEST_F(JudgeTest, RoundsGetTheirOwnFigures) {
  definition_.pacing = trial::Pacing::rounds;
  const record::Judgement judgement = judge();
  std::map<std::string, double> of_round;
  for (const record::RoundValue& round : judgement.rounds) {
    EXPECT_EQ(round.round, 1);
    of_round[round.figure.metric] = round.figure.value;
  }
  EXPECT_DOUBLE_EQ(of_round.at("ipis_per_page"), 0.125);
  EXPECT_FALSE(of_round.contains("tlb_ipi_rate"));
}

TEST(Metrics, HaveDistinctNamesUnitsAndMeanings) {
  std::set<std::string_view> names;
  for (const Metric& metric : metrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_FALSE(metric.unit.empty()) << metric.name;
    EXPECT_FALSE(metric.meaning.empty()) << metric.name;
  }
}

TEST(Percentile, OfNarrowBucketsIsTheirValue) {
  auto histogram = std::make_unique<trial::Histogram>();
  for (int ns = 1; ns <= 100; ++ns) histogram->record(os::Nanoseconds{ns});
  EXPECT_DOUBLE_EQ(percentile(*histogram, 0.5), 50);
  EXPECT_DOUBLE_EQ(percentile(*histogram, 0.99), 99);
}

}  // namespace
}  // namespace tlbstorm::judge
