// SPDX-License-Identifier: Apache-2.0
#include "harness/os/process.hpp"

#include <gtest/gtest.h>
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
  auto* const grandchild = new (shared.data()) std::atomic<pid_t>(0);
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
