// SPDX-License-Identifier: Apache-2.0
// How a trial can end, other than well.
#include "tests/trial/runner_fixture.hpp"

namespace tlbstorm::trial {
namespace {

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
