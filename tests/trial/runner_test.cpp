// SPDX-License-Identifier: Apache-2.0
// The engine with fake workloads, run for real in forked trial processes.
#include "tests/trial/runner_fixture.hpp"

namespace tlbstorm::trial {
namespace {

TEST_F(RunnerTest, ProbeThatCostsMoreThanASampleMayIsReadAtEdgesOnlyAndCalledExpensive) {
  plan_.sample_budget = 1e-9;
  plan_.probes = {"vmstat"};
  const TrialResult result = run(&count_while_running);
  ASSERT_EQ(result.sampling.readings.size(), 1u);
  EXPECT_EQ(result.sampling.readings[0].every, 0);
  EXPECT_TRUE(result.sampling.readings[0].expensive);
  EXPECT_GT(result.sampling.readings[0].cost, 1ns);
}

TEST_F(RunnerTest, ProbeMeantForEdgesIsNotCalledExpensive) {
  const TrialResult result = run(&count_while_running);
  ASSERT_EQ(result.sampling.readings.size(), 1u);
  EXPECT_EQ(result.sampling.readings[0].every, 0);
  EXPECT_FALSE(result.sampling.readings[0].expensive);
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

TEST_F(RunnerTest, TrialThatExplainsTakesHalfTheTime) {
  plan_.warmup = 0ms;
  plan_.duration = 400ms;
  const auto measured = [&](TrialKind kind) {
    const TrialResult result = run(&count_while_running, kind);
    EXPECT_EQ(result.kind, kind);
    return os::to_seconds(result.workers.at(0).measured.wall);
  };
  EXPECT_LT(measured(TrialKind::explaining), 0.75 * measured(TrialKind::measuring));
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

TEST_F(RunnerTest, WorkerThatIsMovedOffItsCpuMakesTheTrialInvalid) {
  if (plan_.cpus[0] == plan_.cpus[1]) GTEST_SKIP() << "one CPU: there is nowhere to go";
  plan_.warmup = {};
  const auto others = plan_.cpus;
  for (const bool comes_back : {false, true}) {
    const TrialResult result = run([&](Worker& worker) {
      if (worker.leader()) {
        os::run_on({others[1]});  // as anyone may do to it, from outside
        if (comes_back) os::run_on({others[0]});
      }
      count_while_running(worker);
    });
    ASSERT_EQ(result.invalid.size(), 1u) << comes_back;
    EXPECT_THAT(result.invalid[0], HasSubstr(fmt::format("worker 0 did not stay on CPU {}", others[0])));
    EXPECT_EQ(result.workers[0].cpu, others[comes_back ? 0 : 1]) << "where it was in the end";
  }
}

TEST_F(RunnerTest, BystanderThatMayRunElsewhereMakesTheTrialInvalid) {
  if (plan_.cpus[0] == plan_.cpus[1]) GTEST_SKIP() << "one CPU: there is nowhere to go";
  plan_.workers = 1;
  plan_.bystanders = 1;
  plan_.bystander_cpus = {plan_.cpus.back()};
  plan_.duration = 300ms;  // on a busy machine it must have been there
  const TrialResult result = run([this](Worker& worker) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
      if (const pid_t tid = std::stoi(task.path().filename()); tid != ::getpid() && tid != ::gettid()) try {
          os::run_on(plan_.cpus, tid);
        } catch (const os::SystemError&) {
          // A sanitizer's own thread is older than the trial, and keeps capabilities that this one dropped.
        }
    count_while_running(worker);
  });
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  ASSERT_EQ(result.invalid.size(), 1u);
  EXPECT_THAT(result.invalid[0], HasSubstr("bystander 0 did not stay on CPU"));
}

TEST_F(RunnerTest, ProcessesCountLikeThreads) {
  plan_.mode = Mode::processes;
  const TrialResult result = run(&count_while_running);
  EXPECT_EQ(result.outcome, Outcome::ok) << result.reason;
  EXPECT_NE(result.workers[0].tid, result.workers[1].tid);
  for (const WorkerResult& worker : result.workers) EXPECT_GT(worker.operations, 0u);
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
  EXPECT_GT(result.bystanders[0].measured.wall, 0ns);
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

}  // namespace
}  // namespace tlbstorm::trial
