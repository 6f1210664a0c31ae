// SPDX-License-Identifier: Apache-2.0
// A trial that is stopped keeps what it measured: the edge that closes the phase is taken with all probes,
// before the stop takes effect and memory goes back.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <thread>

#include "harness/trial/runner.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::trial {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kHeld = 100;

/// Does in each worker what the test says; the factory of a Definition is a plain function, hence the static.
class Fake final : public Workload {
 public:
  static std::function<void(Worker&)>& body() {
    static std::function<void(Worker&)> what;
    return what;
  }
  void work(Worker& worker) override { body()(worker); }
};

/// Keeps the row at which each phase begins.
class Edges final : public Observer {
 public:
  void sample(const Sample& sample) override {
    if (sample.stage == last_ && at_.contains(sample.stage.phase)) return;
    last_ = sample.stage;
    at_[sample.stage.phase] = {sample.at, {sample.values.begin(), sample.values.end()}};
    if (sample.stage.phase == Phase::measure) slow_ = slow_when_measuring;
  }
  void handed_over() override { std::this_thread::sleep_for(slow_); }

  std::vector<double> row(Phase phase) { return at_[phase].second; }
  os::Nanoseconds time(Phase phase) { return at_[phase].first; }
  std::chrono::milliseconds slow_when_measuring{0};

 private:
  Stage last_;
  std::map<Phase, std::pair<os::Nanoseconds, std::vector<double>>> at_;
  std::chrono::milliseconds slow_{0};
};

class ClosingEdge : public ::testing::Test {
 protected:
  ClosingEdge() {
    const std::vector<int> cpus = machine::allowed_cpus();
    machine_.topology.online = cpus;
    plan_.workers = 2;
    plan_.cpus = {cpus.front(), cpus.back()};
    plan_.duration = 5s;
    plan_.timeout = 5s;
    plan_.interval = 10ms;
    plan_.sample_budget = 1;
    plan_.probes = {"cpu"};  // read at edges only
    definition_.counters = {{"held", "bytes", "what a worker holds"}};
    definition_.make = [](const Plan&) -> std::unique_ptr<Workload> { return std::make_unique<Fake>(); };
  }
  /// Each worker holds something, does as it is told, and gives it back.
  TrialResult run(const std::function<void(Worker&)>& hold) {
    Fake::body() = [hold](Worker& worker) {
      worker.count(0, kHeld);
      hold(worker);
      worker.count(0, std::uint64_t{0} - kHeld);
    };
    os::SignalFd signals{SIGUSR2};
    os::Journal journal(std::filesystem::temp_directory_path() / os::own_name());
    return Runner(plan_, definition_, machine_, journal, signals, edges_).run(1);
  }
  void expect_all_of_it() {
    const std::vector<double> row = edges_.row(Phase::verify);
    ASSERT_FALSE(row.empty());
    EXPECT_TRUE(std::none_of(row.begin(), row.end(), [](double value) { return std::isnan(value); }))
        << "not every probe was read";
    EXPECT_EQ(row.back(), 2 * kHeld) << "memory went back before the edge";
  }

  Plan plan_;
  Definition definition_;
  machine::Machine machine_;
  Edges edges_;
};

TEST_F(ClosingEdge, OfAnInterruptedTrialIsTakenBeforeWorkersAreTold) {
  const pid_t tool = ::getpid();
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    plan_.mode = mode;
    edges_ = {};
    const TrialResult result = run([tool](Worker& worker) {
      for (int i = 0; worker.running(); ++i) {
        ::usleep(100);
        if (worker.leader() && i == 100) ::kill(tool, SIGUSR2);
      }
    });
    EXPECT_EQ(result.outcome, Outcome::interrupted);
    EXPECT_FALSE(result.killed);
    expect_all_of_it();
    for (const WorkerResult& worker : result.workers) EXPECT_GT(worker.measured.wall, 0ns);
  }
}

TEST_F(ClosingEdge, OfATrialThatTakesTooLongIsTakenBeforeWorkersAreTold) {
  definition_.pacing = Pacing::rounds;
  plan_.duration.reset();
  plan_.timeout = 100ms;
  const TrialResult result = run([](Worker& worker) {
    while (worker.next_round(1))
      worker.measure_together([&] {
        while (!worker.stopped()) ::usleep(100);
      });
  });
  EXPECT_EQ(result.outcome, Outcome::timeout);
  expect_all_of_it();
  for (const WorkerResult& worker : result.workers)
    EXPECT_GT(worker.measured.wall, 0ns) << "it left its round by Stopped";
}

TEST_F(ClosingEdge, AfterOneWorkersDeathIsTakenBeforeTheSurvivorsAreTold) {
  plan_.mode = Mode::processes;
  const TrialResult result = run([](Worker& worker) {
    ::usleep(30'000);
    if (worker.leader()) ::raise(SIGKILL);
    while (worker.running() && !worker.stopped()) ::usleep(100);
  });
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_TRUE(result.killed);
  expect_all_of_it();
}

TEST_F(ClosingEdge, AfterOneWorkersFailureIsTakenBeforeTheOthersAreTold) {
  plan_.mode = Mode::processes;
  const TrialResult result = run([](Worker& worker) {
    for (int i = 0; worker.running(); ++i) {
      ::usleep(100);
      if (worker.leader() && i == 100) throw os::Error("the disk is full");
    }
  });
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_FALSE(result.killed);
  expect_all_of_it();
  EXPECT_GT(result.workers[0].measured.wall, 0ns) << "a failure ends a measured phase, too";
}

/// The last resort, when the sampler could not be waited for.
TEST_F(ClosingEdge, ThatNobodyAskedForIsTakenWithAllProbesWhenTheSamplerSeesTheStop) {
  Scoreboard board(1);
  ProbeSet probes(plan_, definition_, {});
  Sampler sampler(probes, board, 1ms, 1);
  sampler.start();
  board.enter({Phase::measure, 0});
  board.set_sampling(false);
  board.stop();
  const auto drained = [&] {
    sampler.drain([&](const Sample& sample) { edges_.sample(sample); });
    return !edges_.row(Phase::verify).empty();
  };
  while (!drained()) ::usleep(1000);
  sampler.finish([](const Sample&) {});
  for (const double value : edges_.row(Phase::verify)) EXPECT_FALSE(std::isnan(value));
}

/// What handing samples over takes is part of the phase, not added to it.
TEST_F(ClosingEdge, ComesWhenItIsDueThoughHandingOverTakesLong) {
  plan_.duration = 600ms;
  edges_.slow_when_measuring = 400ms;
  run([](Worker& worker) {
    while (worker.running()) ::usleep(1000);
  });
  // Handed over twice; a nap that is reckoned from before the first would make it 1.3 s.
  EXPECT_LT(edges_.time(Phase::verify) - edges_.time(Phase::measure), 1150ms);
}

}  // namespace
}  // namespace tlbstorm::trial
