// SPDX-License-Identifier: Apache-2.0
// The engine with fake workloads, run for real in forked trial processes.
#include "harness/trial/runner.hpp"

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
#include "tests/sanitized.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::trial {
namespace {

using namespace std::chrono_literals;
using test::kSanitized;
using testing::HasSubstr;

/// Does in each worker what the test says; the factory of a Definition is a plain function, hence the static.
class Fake final : public Workload {
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
    definition_.make = [](const Plan&) -> std::unique_ptr<Workload> { return std::make_unique<Fake>(); };
  }
  TrialResult run(std::function<void(Worker&)> body) {
    Fake::body() = std::move(body);
    Fake::preparation() = preparation_;
    os::SignalFd signals{SIGUSR2};
    os::Journal journal(std::filesystem::temp_directory_path() / os::own_name());
    return Runner(plan_, definition_, machine_, journal, signals, log_, folder_).run(1);
  }

  const os::Folder* folder_ = nullptr;  ///< of the run
  std::function<void()> preparation_;   ///< in the trial process, before there are workers
  Plan plan_;
  Definition definition_;
  machine::Machine machine_;
  StageLog log_;
};

void count_while_running(Worker& worker) {
  while (worker.running()) worker.count_operations();
}

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

/// Leaves room for some threads (each has a stack of megabytes), or for the descriptors of some processes.
void limit(int what, std::uint64_t more) {
  rlimit now{};
  ::getrlimit(static_cast<__rlimit_resource>(what), &now);
  now.rlim_cur = more;
  ::setrlimit(static_cast<__rlimit_resource>(what), &now);
}

void leave_room_for_a_few_threads() {
  const std::string status = os::read_text("/proc/self/status");
  std::string_view size = os::find_value(status, "VmSize", ':').value_or("");
  limit(RLIMIT_AS, os::to_number(os::take_field(size)).value_or(0) * 1024 + (40 << 20));
}

TEST_F(RunnerTest, WorkerThatCannotBeMadeEndsTheTrialAtOnce) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer does not survive such limits";
  plan_.workers = 40;
  plan_.cpus.assign(40, plan_.cpus.front());
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    plan_.mode = mode;
    preparation_ = &leave_room_for_a_few_threads;
    if (mode == Mode::processes) preparation_ = [] { limit(RLIMIT_NOFILE, 30); };
    const TrialResult result = run(&count_while_running);
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_THAT(result.reason, HasSubstr(mode == Mode::threads ? "a worker thread could not be made: Resource"
                                                               : "a worker process could not be made: Too"));
    EXPECT_THAT(result.reason, HasSubstr("pids.max"));
  }
}

TEST_F(RunnerTest, BystanderThatCannotBeMadeEndsTheTrialAtOnce) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer does not survive such a limit";
  plan_.bystanders = 40;
  plan_.bystander_cpus.assign(40, plan_.cpus.back());
  preparation_ = &leave_room_for_a_few_threads;
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    plan_.mode = mode;
    const TrialResult result = run(&count_while_running);
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_THAT(result.reason, HasSubstr("a bystander thread could not be made: Resource"));
  }
}

TEST_F(RunnerTest, TrialThatFailedIsNotWaitedForUntilTheTimeout) {
  plan_.timeout = 60s;
  const TrialResult result = run([](Worker& worker) {
    if (worker.leader()) throw os::SystemError("mlock", "the region", ENOMEM);
    for (;;) ::pause();  // deaf
  });
  EXPECT_EQ(result.outcome, Outcome::enomem) << "with what it had to say of itself before it was killed";
  EXPECT_THAT(result.reason, HasSubstr("mlock the region"));
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

TEST_F(RunnerTest, BystanderThatCannotStartEndsTheTrialWithItsReason) {
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    plan_.mode = mode;
    plan_.bystanders = 1;
    plan_.bystander_cpus = {8000};
    const TrialResult result = run(&count_while_running);
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_THAT(result.reason, HasSubstr("8000"));
  }
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

TEST_F(RunnerTest, WrongPagesAreCountedKeptAndOutrankAnyOtherEnd) {
  const std::vector<std::byte> found(4096, std::byte{1}), expected(4096, std::byte{2});
  for (const Mode mode : {Mode::threads, Mode::processes}) {
    const test::TemporaryFolder folder;
    const os::Folder of_run = os::Folder::open(folder.path());
    folder_ = &of_run;
    plan_.mode = mode;
    const TrialResult result = run([&](Worker& worker) {
      for (int page = 0; page < 20; ++page) worker.report_wrong_page("page 7: zero", found, expected);
      worker.barrier();
      if (worker.leader()) throw os::Error("the disk is full");
      count_while_running(worker);
    });
    EXPECT_EQ(result.outcome, Outcome::corrupted);
    EXPECT_EQ(result.reason, "40 pages came back wrong; also failed: the disk is full");
    EXPECT_EQ(result.wrong_pages, 40u);
    EXPECT_EQ(result.wrong_page_texts.size(), 16u);
    EXPECT_TRUE(result.wrong_page_texts[0].starts_with("page 7: zero; worker "))
        << result.wrong_page_texts[0];
    EXPECT_TRUE(result.wrong_page_texts[0].ends_with(": wrong-page-1-trial1.bin"))
        << result.wrong_page_texts[0];
    for (int number = 1; number <= 16; ++number) {
      const auto read = [&](const char* kind) {
        return os::read_text(folder.path() / fmt::format("wrong-page-{}{}-trial1.bin", number, kind));
      };
      EXPECT_EQ(read(""), std::string(4096, '\1'));
      EXPECT_EQ(read("-expected"), std::string(4096, '\2'));
    }
  }
}

TEST_F(RunnerTest, WrongPageIsReportedEvenIfItCannotBeKept) {
  std::optional<test::TemporaryFolder> folder(std::in_place);
  const os::Folder of_run = os::Folder::open(folder->path());
  folder.reset();
  folder_ = &of_run;
  const TrialResult result = run([&](Worker& worker) {
    if (worker.leader()) worker.report_wrong_page("page 7: zero", std::array{std::byte{1}}, {});
    count_while_running(worker);
  });
  EXPECT_EQ(result.outcome, Outcome::corrupted);
  EXPECT_EQ(result.reason, "1 page came back wrong");
  ASSERT_EQ(result.wrong_page_texts.size(), 1u);
  EXPECT_NE(result.wrong_page_texts[0].find("/wrong-page-1-trial1.bin"), std::string::npos);
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
