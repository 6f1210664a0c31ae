// SPDX-License-Identifier: Apache-2.0
// A trial that was never run: its counters grow by what a test says.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "harness/judge/judge.hpp"

namespace tlbstorm::judge {

using os::Finding;
using os::Grade;

/// A two-second trial whose counters grow by what the test says.
class JudgedTrial : public ::testing::Test {
 protected:
  JudgedTrial() {
    using namespace std::chrono_literals;
    machine_.topology.online = {0, 1};
    machine_.flush.method = machine::FlushMethod::ipi;
    machine_.flush.has_tlb_row = true;
    plan_.cpus = {0, 1};
    for (int i = 0; i < 2; ++i) {
      trial::WorkerResult worker;
      worker.index = worker.cpu = i;
      worker.measured.wall = 2s;
      worker.measured.on_cpu = 1990ms;
      worker.measured.user = 1s;
      worker.measured.waiting_known = true;
      result_.workers.push_back(worker);
    }
    result_.others.wall = 2s;
    result_.others.accounted = true;
    result_.others.resolution = 8ms;
    grow_ = {
        {"interrupts.tlb", 1000},         {"interrupts.cal", 900},         {"tlbflush.sent", 500},
        {"vmstat.pgsteal_anon", 0},       {"vmstat.pgsteal_file", 8000},   {"vmstat.pgsteal_kswapd", 3000},
        {"vmstat.pgsteal_khugepaged", 0}, {"vmstat.pgsteal_proactive", 0}, {"vmstat.pgscan_anon", 0},
        {"vmstat.pgscan_file", 16000},    {"vmstat.pgscan_kswapd", 4000},  {"cpu.steal", 0},
        {"workload.operations", 20000}};
  }

  record::Judgement judge() {
    using namespace std::chrono_literals;
    using trial::Phase;
    std::vector<probe::Column> columns;
    std::vector<double> before, after;
    for (const auto& [name, growth] : grow_) {
      columns.push_back({name, ""});
      before.push_back(1e6);
      after.push_back(1e6 + growth);
    }
    Judge judge(plan_, definition_, machine_);
    judge.begin_trial(1, trial::TrialKind::measuring, columns);
    judge.sample({1, {Phase::measure, 1}, 0s, before});
    judge.sample({1, {Phase::setup, 2}, 2s, after});
    judge.sample({1, {Phase::done, 2}, 3s, after});
    return judge.judge(result_);
  }
  static std::map<std::string, double> figures(const record::Judgement& judgement) {
    std::map<std::string, double> all;
    for (const record::MetricValue& figure : judgement.figures) all[figure.metric] = figure.value;
    return all;
  }
  static std::string absence(const record::Judgement& judgement, const std::string& metric) {
    for (const record::Absence& absence : judgement.absent)
      if (absence.metric == metric) return absence.reason;
    return "";
  }
  Finding check(const std::string& name) {
    for (Finding& check : judge().checks)
      if (check.id == name) return check;
    ADD_FAILURE() << "no check " << name;
    return {};
  }
  Grade verdict(const std::string& name) { return check(name).grade; }
  /// Another task used so much of a CPU.
  void disturb(const std::string& name, int cpu, os::Nanoseconds used) {
    trial::OtherLoad& others = result_.others;
    others.foreign.push_back({name, cpu, used});
    others.foreign_total += used;
    others.beside_worker[cpu] += used;
  }

  trial::Plan plan_;
  trial::Definition definition_;
  machine::Machine machine_;
  trial::TrialResult result_;
  std::map<std::string, double> grow_;
};

}  // namespace tlbstorm::judge
