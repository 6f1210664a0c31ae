// SPDX-License-Identifier: Apache-2.0
// Tasks that end, as the kernel tells of them.
#include "harness/machine/exited_tasks.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "harness/os/clock.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::machine {
namespace {

using namespace std::chrono_literals;

TEST(ExitedTasks, OneThatSpunAndIsGoneIsTold) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root is told of tasks that end";
  ExitedTasks exited;
  int pid = 0;
  {
    os::Child child = os::Child::fork(false, [] {
      ::prctl(PR_SET_NAME, "tlbstorm-ends");
      const os::Nanoseconds from = os::read_clock(CLOCK_PROCESS_CPUTIME_ID);
      while (os::read_clock(CLOCK_PROCESS_CPUTIME_ID) - from < 200ms) {
      }
      return 0;
    });
    pid = child.pid();
    child.wait();
  }
  const std::vector<TaskUse> ended = exited.take();
  const auto found = std::ranges::find(ended, pid, &TaskUse::pid);
  if (found == ended.end()) GTEST_SKIP() << "this kernel tells nothing of tasks that end (CONFIG_TASKSTATS)";
  EXPECT_EQ(found->name, "tlbstorm-ends");
  EXPECT_EQ(found->parent, ::getpid());
  EXPECT_GT(found->used, 0ms) << "by ticks, of which a CPU that is shared has some only";
  EXPECT_TRUE(std::ranges::none_of(exited.take(), [&](const TaskUse& task) { return task.pid == pid; }))
      << "once";
}

}  // namespace
}  // namespace tlbstorm::machine
