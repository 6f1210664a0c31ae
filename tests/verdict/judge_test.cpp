// SPDX-License-Identifier: Apache-2.0
// From samples to figures, absences and checks.
#include "harness/verdict/judge.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "harness/verdict/metrics.hpp"

namespace tlbstorm::verdict {
namespace {

using namespace std::chrono_literals;
using record::Check;
using trial::Phase;

/// A two-second trial whose counters grow by what the test says.
class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() {
    machine_.topology.online = {0, 1};
    machine_.flush.method = machine::FlushMethod::ipi;
    machine_.flush.has_tlb_row = true;
    plan_.cpus = {0, 1};
    for (int i = 0; i < 2; ++i) {
      trial::WorkerResult worker;
      worker.index = i;
      worker.measured.wall = 2s;
      worker.measured.on_cpu = 1990ms;
      worker.measured.user = 1s;
      worker.measured.waiting_known = true;
      result_.workers.push_back(worker);
    }
    grow_ = {{"interrupts.tlb", 1000},
             {"interrupts.cal", 900},
             {"tlbflush.sent", 500},
             {"vmstat.pgsteal_anon", 0},
             {"vmstat.pgsteal_file", 8000},
             {"vmstat.pgsteal_kswapd", 3000},
             {"vmstat.pgsteal_khugepaged", 0},
             {"vmstat.pgsteal_proactive", 0},
             {"vmstat.pgscan_anon", 0},
             {"vmstat.pgscan_file", 16000},
             {"vmstat.pgscan_kswapd", 4000},
             {"cpu.user", 2.0},
             {"cpu.nice", 0},
             {"cpu.steal", 0},
             {"workload.operations", 20000}};
  }

  record::Judgement judge() {
    std::vector<probe::Column> columns;
    std::vector<double> before, after;
    for (const auto& [name, growth] : grow_) {
      columns.push_back({name, ""});
      before.push_back(1e6);
      after.push_back(1e6 + growth);
    }
    Judge judge(plan_, definition_, machine_);
    judge.begin_trial(1, columns);
    judge.sample({1, {Phase::measure, 1}, 0s, before});
    judge.sample({1, {Phase::setup, 2}, 2s, after});
    judge.sample({1, {Phase::done, 2}, 3s, after});
    return judge.judge(result_);
  }
  static std::map<std::string, double> figures(const record::Judgement& judgement) {
    std::map<std::string, double> all;
    for (const record::Figure& figure : judgement.figures) all[figure.metric] = figure.value;
    return all;
  }
  static std::string absence(const record::Judgement& judgement, const std::string& metric) {
    for (const record::Absence& absence : judgement.absent)
      if (absence.metric == metric) return absence.reason;
    return "";
  }
  Check::Verdict verdict(const std::string& name) {
    const record::Judgement judgement = judge();
    for (const Check& check : judgement.checks)
      if (check.name == name) return check.verdict;
    ADD_FAILURE() << "no check " << name;
    return Check::Verdict::unknown;
  }

  trial::Plan plan_;
  trial::Definition definition_;
  machine::Machine machine_;
  trial::TrialResult result_;
  std::map<std::string, double> grow_;
};

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

TEST_F(JudgeTest, NothingReclaimedHasNoRatioAndIsInvalid) {
  grow_["vmstat.pgsteal_file"] = 0;
  grow_["vmstat.pgsteal_kswapd"] = 0;
  const record::Judgement judgement = judge();
  EXPECT_EQ(absence(judgement, "ipis_per_page"), "nothing was reclaimed");
  EXPECT_FALSE(judgement.valid());
  EXPECT_EQ(verdict("pages_gone"), Check::Verdict::invalid);
}

TEST_F(JudgeTest, GoodTrialIsValid) {
  for (const Check& check : judge().checks)
    EXPECT_NE(check.verdict, Check::Verdict::invalid) << check.name << check.detail;
  EXPECT_TRUE(judge().valid());
}

TEST_F(JudgeTest, EachFaultIsFoundByItsCheck) {
  result_.outcome = trial::Outcome::oom;
  result_.invalid = {"a page was wrong"};
  result_.workers[1].measured.waiting = 600ms;
  plan_.workers_spin = true;
  result_.workers[0].measured.on_cpu = 1s;
  grow_["cpu.user"] = 3.0;
  grow_["cpu.steal"] = 1.0;
  grow_["vmstat.swpout_zero"] = 100;
  for (const char* const check : {"outcome", "workload", "waiting_for_cpu", "sharers_on_cpu", "foreign_load",
                                  "stolen_time", "zero_pages"})
    EXPECT_EQ(verdict(check), Check::Verdict::invalid) << check;
}

TEST_F(JudgeTest, WhatCannotBeKnownIsSaidSo) {
  result_.workers[1].measured.waiting = 600ms;
  EXPECT_EQ(verdict("waiting_for_cpu"), Check::Verdict::unknown) << "it may have waited for kswapd";
  plan_.cpus = {1, 1};
  EXPECT_EQ(verdict("several_cpus"), Check::Verdict::unknown);
  machine_.flush.method = machine::FlushMethod::hypercall;
  EXPECT_EQ(verdict("flush_path"), Check::Verdict::unknown);
  grow_.erase("cpu.user");
  EXPECT_EQ(verdict("foreign_load"), Check::Verdict::unknown);
}

TEST_F(JudgeTest, RoundsGetTheirOwnFigures) {
  definition_.pacing = trial::Pacing::rounds;
  const record::Judgement judgement = judge();
  std::map<std::string, double> of_round;
  for (const record::RoundFigure& round : judgement.rounds) {
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

TEST(Percentile, IsTheMiddleOfItsBucket) {
  auto histogram = std::make_unique<trial::Histogram>();
  for (int ns = 1; ns <= 100; ++ns) histogram->record(os::Nanoseconds{ns});
  EXPECT_DOUBLE_EQ(percentile(*histogram, 0.5), 50);
  EXPECT_DOUBLE_EQ(percentile(*histogram, 0.99), 99);
}

}  // namespace
}  // namespace tlbstorm::verdict
