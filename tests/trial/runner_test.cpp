// SPDX-License-Identifier: Apache-2.0
// The engine with fake workloads, run for real in forked trial processes.
#include "harness/trial/runner.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "harness/trial/access_timer.hpp"

namespace tlbstorm::trial {
namespace {

using namespace std::chrono_literals;

/// Does in each worker what the test says; the factory of a Definition is a plain function, hence the static.
class Fake final : public Workload {
 public:
  static std::function<void(Worker&)>& body() {
    static std::function<void(Worker&)> what;
    return what;
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
    plan_.sample_budget = 1ms;
    plan_.probes = {"cpu"};
    definition_.make = [](const Plan&) -> std::unique_ptr<Workload> { return std::make_unique<Fake>(); };
  }
  TrialResult run(std::function<void(Worker&)> body) {
    Fake::body() = std::move(body);
    os::SignalFd signals{SIGUSR2};
    os::Journal journal(std::filesystem::temp_directory_path() / os::own_name());
    return Runner(plan_, definition_, machine_, journal, signals, log_).run(1);
  }

  Plan plan_;
  Definition definition_;
  machine::Machine machine_;
  StageLog log_;
};

void count_while_running(Worker& worker) {
  while (worker.running()) worker.count_operations();
}

TEST_F(RunnerTest, ProbeThatCostsMoreThanASampleMayIsReadAtEdgesOnlyAndCalledDear) {
  plan_.sample_budget = 1ns;
  plan_.probes = {"vmstat"};
  const TrialResult result = run(&count_while_running);
  ASSERT_EQ(result.sampling.readings.size(), 1u);
  EXPECT_EQ(result.sampling.readings[0].every, 0);
  EXPECT_TRUE(result.sampling.readings[0].dear);
  EXPECT_GT(result.sampling.readings[0].cost, 1ns);
}

TEST_F(RunnerTest, ProbeMeantForEdgesIsNotCalledDear) {
  const TrialResult result = run(&count_while_running);
  ASSERT_EQ(result.sampling.readings.size(), 1u);
  EXPECT_EQ(result.sampling.readings[0].every, 0);
  EXPECT_FALSE(result.sampling.readings[0].dear);
}

TEST_F(RunnerTest, PhasesComeInTheirOrder) {
  const TrialResult result = run(&count_while_running);
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_EQ(
      log_.stages,
      (std::vector<Stage>{
          {Phase::setup, 0}, {Phase::warmup, 0}, {Phase::measure, 0}, {Phase::verify, 0}, {Phase::done, 0}}));
  ASSERT_EQ(result.workers.size(), 2u);
  for (const WorkerResult& worker : result.workers) {
    EXPECT_GT(worker.operations, 0u);
    EXPECT_GT(worker.measured.wall, 0ms);
    EXPECT_GT(worker.measured.on_cpu, 0ms);
  }
  EXPECT_EQ(log_.operations,
            static_cast<double>(result.workers[0].operations + result.workers[1].operations));
}

TEST_F(RunnerTest, RoundsAreWarmUpThenMeasured) {
  definition_.pacing = Pacing::rounds;
  plan_.warmup = 1ns;
  plan_.duration.reset();
  const TrialResult result = run([](Worker& worker) {
    while (worker.next_round(2)) {
      worker.barrier();
      if (worker.leader())
        worker.measure([&] { worker.count_operations(10); });
      else
        while (worker.round_open()) ::usleep(100);
    }
  });
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_EQ(log_.stages, (std::vector<Stage>{{Phase::setup, 0},
                                             {Phase::warmup, 0},
                                             {Phase::setup, 1},
                                             {Phase::measure, 1},
                                             {Phase::setup, 2},
                                             {Phase::measure, 2},
                                             {Phase::setup, 3},
                                             {Phase::done, 3}}));
  EXPECT_EQ(log_.operations, 30);
}

TEST_F(RunnerTest, FailingWorkerIsAnOutcomeWithItsReason) {
  const TrialResult result = run([](Worker& worker) {
    if (worker.leader()) throw os::Error("the disk is full", "buy another");
    count_while_running(worker);
  });
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_NE(result.reason.find("the disk is full (buy another)"), std::string::npos) << result.reason;
}

TEST_F(RunnerTest, KilledWorkerKeepsItsCountsAndDoesNotHangTheOthers) {
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    plan_.mode = mode;
    const TrialResult result = run([](Worker& worker) {
      worker.count_operations(7);
      if (worker.leader()) ::raise(SIGTERM);
      worker.barrier();  // where the killed one never comes
    });
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_NE(result.reason.find("SIGTERM"), std::string::npos) << result.reason;
    EXPECT_GE(result.workers[0].operations, 7u);
  }
}

TEST_F(RunnerTest, ProcessesCountLikeThreads) {
  plan_.mode = Mode::processes;
  const TrialResult result = run(&count_while_running);
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_NE(result.workers[0].tid, result.workers[1].tid);
  for (const WorkerResult& worker : result.workers) EXPECT_GT(worker.operations, 0u);
}

TEST_F(RunnerTest, TrialThatTakesTooLongIsEnded) {
  plan_.timeout = 100ms;
  const TrialResult result = run([](Worker& worker) {
    while (worker.running()) ::usleep(1000);
    if (worker.leader()) worker.note("still here");
    ::usleep(400'000);
  });
  EXPECT_EQ(result.outcome, Outcome::timeout);
  EXPECT_NE(result.reason.find("--timeout"), std::string::npos) << result.reason;
  EXPECT_EQ(result.notes, std::vector<std::string>{"still here"});
}

TEST_F(RunnerTest, SignalEndsTheTrialAsInterrupted) {
  const pid_t tool = ::getpid();
  const TrialResult result = run([tool](Worker& worker) {
    if (worker.leader()) ::kill(tool, SIGUSR2);
    count_while_running(worker);
  });
  EXPECT_EQ(result.outcome, Outcome::interrupted);
}

TEST_F(RunnerTest, KernelKillForMemoryIsAnOutcome) {
  const machine::Machine real = machine::inspect();
  if (real.cgroup.parent.empty()) GTEST_SKIP() << real.cgroup.reason;
  if (!real.swaps.empty()) GTEST_SKIP() << "swap is active: it would take the pages";
  machine_.cgroup = real.cgroup;
  plan_.memory = os::Bytes{16 << 20};
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    plan_.mode = mode;
    const TrialResult result = run([](Worker& worker) {
      if (worker.leader()) {
        const os::Mapping memory = os::Mapping::anonymous({64 << 20});
        for (std::size_t page = 0; page < memory.pages(); ++page) *memory.page(page) = std::byte{1};
      }
      count_while_running(worker);
    });
    EXPECT_EQ(result.outcome, Outcome::oom) << result.reason;
  }
  EXPECT_FALSE(std::filesystem::exists(real.cgroup.parent / os::own_name()));
}

TEST_F(RunnerTest, CgroupThatCannotBeMadeIsAnErrorThatLeavesNothing) {
  machine_.cgroup.version = machine::CgroupVersion::v1;
  machine_.cgroup.parent = "/no/such/cgroup";
  try {
    run(&count_while_running);
    FAIL();
  } catch (const os::SystemError& error) {
    EXPECT_NE(std::string(error.what()).find("make the cgroup /no/such/cgroup/tlbstorm-"), std::string::npos);
    EXPECT_FALSE(error.hint().empty());
  }
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::temp_directory_path() / os::own_name()));
}

TEST_F(RunnerTest, WorkloadsOwnVerdictIsKeptOnce) {
  const TrialResult result = run([](Worker& worker) {
    worker.invalidate("the pages stayed");
    count_while_running(worker);
  });
  EXPECT_EQ(result.invalid, std::vector<std::string>{"the pages stayed"});
}

TEST_F(RunnerTest, TimedAccessesAreKeptApartByWhatTheyMet) {
  const TrialResult result = run([](Worker& worker) {
    const std::size_t pages = 64;
    AccessTimer timer(worker);
    while (worker.running()) {
      os::Mapping memory = os::Mapping::anonymous(os::page_size() * pages);
      for (std::size_t page = 0; page < pages; ++page) {
        timer.restart();
        *memory.page(page) = std::byte{1};  // the first touch faults, without I/O
        timer.ended(Access::write);
        static_cast<void>(*const_cast<volatile std::byte*>(memory.page(page)));
        timer.ended(Access::read);
      }
      worker.count_operations(pages);
      ::usleep(1000);  // no worker gets anything done: a stall
    }
  });
  ASSERT_NE(result.latency, nullptr);
  const auto total = [&](Access access, Met met) {
    return static_cast<double>((*result.latency)[AccessClass(access, met).index()].total());
  };
  const double writes = total(Access::write, Met::minor) + total(Access::write, Met::hit);
  EXPECT_GT(writes, 1000);
  EXPECT_GT(total(Access::write, Met::minor) / writes, 0.95) << "every write was a first touch";
  EXPECT_EQ(total(Access::write, Met::major), 0);
  EXPECT_GT(total(Access::read, Met::hit) / writes, 0.95) << "no read faults";
  EXPECT_GT(result.timing_overhead, 0ns);
  ASSERT_TRUE(result.longest_stall);
  EXPECT_GT(*result.longest_stall, 0ns);
}

TEST_F(RunnerTest, BystandersMeasureInTheWorkersMm) {
  plan_.workers = 1;
  plan_.bystanders = 1;
  plan_.bystander_cpus = {plan_.cpus.back()};
  plan_.cpus.resize(1);
  plan_.gap_threshold = 1us;
  const TrialResult result = run(&count_while_running);
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  ASSERT_EQ(result.bystanders.size(), 1u);
  EXPECT_EQ(result.bystanders[0].cpu, plan_.bystander_cpus[0]);
  EXPECT_GE(result.bystanders[0].measured.wall, 50ms);
  ASSERT_NE(result.gaps, nullptr);
  EXPECT_EQ(result.gaps->total(), result.bystanders[0].gaps);
}

TEST_F(RunnerTest, BystandersEndWithWorkersThatGoRound) {
  definition_.pacing = Pacing::rounds;
  plan_.duration.reset();
  plan_.workers = 1;
  plan_.bystanders = 1;
  plan_.bystander_cpus = {plan_.cpus.back()};
  plan_.cpus.resize(1);
  const TrialResult result = run([](Worker& worker) {
    while (worker.next_round(10)) worker.measure([] { ::usleep(2000); });
  });
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_GT(result.bystanders[0].measured.wall, 0ns);
}

TEST_F(RunnerTest, RefusedMemoryIsAnOutcomeOfItsOwn) {
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    plan_.mode = mode;
    const TrialResult result = run([](Worker& worker) {
      if (worker.leader()) throw os::SystemError("mlock", "the region", ENOMEM);
      count_while_running(worker);
    });
    EXPECT_EQ(result.outcome, Outcome::enomem);
    EXPECT_NE(result.reason.find("mlock the region"), std::string::npos) << result.reason;
  }
}

TEST_F(RunnerTest, PageThatCannotBeReadIsAnOutcome) {
  const TrialResult result = run([](Worker& worker) {
    ::signal(SIGBUS, SIG_DFL);  // sanitizers catch it
    if (worker.leader()) ::raise(SIGBUS);
    count_while_running(worker);
  });
  EXPECT_EQ(result.outcome, Outcome::io_error);
}

}  // namespace
}  // namespace tlbstorm::trial
