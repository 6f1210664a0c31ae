// SPDX-License-Identifier: Apache-2.0
// Trials of fake workloads, run for real in forked trial processes.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

#include "harness/os/text.hpp"
#include "harness/trial/access_timer.hpp"
#include "harness/trial/runner.hpp"
#include "tests/sanitized.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::trial {

using namespace std::chrono_literals;
using test::kSanitized;
using testing::HasSubstr;

/// Does in each worker what the test says; the factory of a Definition is a plain function, hence the static.
class FakeWorkload final : public Workload {
 public:
  static std::function<void(Worker&)>& body() {
    static std::function<void(Worker&)> what;
    return what;
  }
  static std::function<void()>& preparation() {
    static std::function<void()> what;
    return what;
  }
  void prepare() override {
    if (preparation()) preparation()();
  }
  void work(Worker& worker) override { body()(worker); }
};

class StageLog final : public Observer {
 public:
  void sample(const Sample& sample) override {
    if (stages.empty() || stages.back() != sample.stage) stages.push_back(sample.stage);
    operations = sample.values.back();
  }
  std::vector<Stage> stages;
  double operations = 0;
};

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() {
    const std::vector<int> cpus = machine::allowed_cpus();
    machine_.topology.online = cpus;
    plan_.workers = 2;
    plan_.cpus = {cpus.front(), cpus.back()};
    plan_.warmup = 20ms;
    plan_.duration = 60ms;
    plan_.timeout = 5s;
    plan_.interval = 10ms;
    plan_.sample_budget = 1;
    plan_.probes = {"cpu"};
    definition_.make = [](const Plan&) -> std::unique_ptr<Workload> {
      return std::make_unique<FakeWorkload>();
    };
  }
  TrialResult run(std::function<void(Worker&)> body, TrialKind kind = TrialKind::measuring) {
    FakeWorkload::body() = std::move(body);
    FakeWorkload::preparation() = preparation_;
    os::SignalFd signals{SIGUSR2};
    os::Journal journal(std::filesystem::temp_directory_path() / os::own_name());
    return Runner(plan_, definition_, machine_, journal, signals, log_, folder_).run(1, kind);
  }

  const os::Folder* folder_ = nullptr;  ///< of the run
  std::function<void()> preparation_;   ///< in the trial process, before there are workers
  Plan plan_;
  Definition definition_;
  machine::Machine machine_;
  StageLog log_;
};

inline void count_while_running(Worker& worker) {
  while (worker.running()) worker.count_operations();
}

}  // namespace tlbstorm::trial
