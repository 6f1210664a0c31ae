// SPDX-License-Identifier: Apache-2.0
#include "harness/os/process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "harness/os/mapping.hpp"

namespace tlbstorm::os {
namespace {

bool gone(pid_t pid) {
  for (int i = 0; i < 500; ++i) {
    const std::string stat = try_read_text("/proc/" + std::to_string(pid) + "/stat").value_or("");
    if (stat.empty() || stat.find(") Z") != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

TEST(Child, ReportsHowItEnded) {
  EXPECT_EQ(Child::fork(false, [] { return 3; }).wait().text(), "exit code 3");
  EXPECT_TRUE(Child::fork(false, [] { return 0; }).wait().clean());
  EXPECT_EQ(Child::fork(false, [] { return ::raise(SIGKILL); }).wait().text(), "killed by SIGKILL (Killed)");
  EXPECT_EQ(Child::fork(false, []() -> int { throw std::runtime_error("x"); }).wait().code, 70);
}

TEST(Child, IsKilledWithItsOwner) {
  pid_t pid = 0;
  {
    Child child = Child::fork(true, [] { return ::pause(); });
    pid = child.pid();
    EXPECT_FALSE(child.poll());
  }
  EXPECT_TRUE(gone(pid));
}

TEST(Child, DoesNotOutliveTheProcessThatForkedIt) {
  const Mapping shared = Mapping::shared({4096});
  auto* const grandchild = std::construct_at(reinterpret_cast<std::atomic<pid_t>*>(shared.data()), 0);
  Child child = Child::fork(false, [&] {
    Child inner = Child::fork(false, [] { return ::pause(); });
    *grandchild = inner.pid();
    return ::pause();
  });
  while (*grandchild == 0) std::this_thread::yield();
  child.kill(SIGKILL);
  child.wait();
  EXPECT_TRUE(gone(*grandchild));
}

TEST(Child, WithAGroupOfItsOwnIsNotReachedByCtrlC) {
  EXPECT_TRUE(Child::fork(true, [] { return ::getpgrp() == ::getpid() ? 0 : 1; }).wait().clean());
  EXPECT_TRUE(Child::fork(false, [] { return ::getpgrp() == ::getpid() ? 1 : 0; }).wait().clean());
}

TEST(Child, StartsWithoutBlockedSignals) {
  const SignalFd blocked{SIGUSR1};
  Child child = Child::fork(false, [] { return ::raise(SIGUSR1); });
  EXPECT_EQ(child.wait().text(), "killed by SIGUSR1 (User defined signal 1)");
}

TEST(Child, TellsThroughItsDescriptorThatItHasEnded) {
  Child child = Child::fork(false, [] { return ::pause(); });
  pollfd event{child.pidfd().get(), POLLIN, 0};
  EXPECT_EQ(::poll(&event, 1, 0), 0);
  child.kill(SIGTERM);
  EXPECT_EQ(::poll(&event, 1, 5000), 1);
  const auto status = child.poll();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->signalled);
  EXPECT_EQ(status->code, SIGTERM);
}

TEST(Child, StatusCanBeAskedAgain) {
  Child child = Child::fork(false, [] { return 5; });
  EXPECT_EQ(child.wait().code, 5);
  EXPECT_EQ(child.wait().code, 5);
  EXPECT_EQ(child.poll()->code, 5);
}

TEST(Child, ThatIsReplacedIsKilled) {
  Child child = Child::fork(false, [] { return ::pause(); });
  const pid_t first = child.pid();
  child = Child::fork(false, [] { return 0; });
  EXPECT_TRUE(gone(first));
  EXPECT_TRUE(child.wait().clean());
}

TEST(ExitStatus, SignalWithoutANameIsToldByItsNumber) {
  const std::string text = ExitStatus{.signalled = true, .code = SIGRTMIN + 3}.text();
  EXPECT_NE(text.find("SIG" + std::to_string(SIGRTMIN + 3)), std::string::npos) << text;
}

TEST(SignalFd, RestoresTheMaskThatItFound) {
  sigset_t before, after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  { const SignalFd signals{SIGUSR1}; }
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&before, SIGUSR1), sigismember(&after, SIGUSR1));
  EXPECT_FALSE(sigismember(&after, SIGUSR1));
}

TEST(SignalFd, DeliversABlockedSignalAsAnEvent) {
  SignalFd signals{SIGUSR2};
  EXPECT_FALSE(signals.take());
  ::kill(::getpid(), SIGUSR2);
  EXPECT_EQ(signals.take(), SIGUSR2);
  EXPECT_FALSE(signals.take());
}

TEST(Mapping, CensusSeesWhichPagesAreThere) {
  const Mapping memory = Mapping::anonymous(page_size() * 64);
  EXPECT_EQ(residency(memory).present, 0u);
  for (std::size_t page = 0; page < 10; ++page) *memory.page(page) = std::byte{1};
  EXPECT_EQ(residency(memory).present, 10u);
  ::madvise(memory.data(), memory.size().count, MADV_DONTNEED);
  EXPECT_EQ(residency(memory).present, 0u);
}

}  // namespace
}  // namespace tlbstorm::os
