// SPDX-License-Identifier: Apache-2.0
// Tasks and the CPU time that they used, as the kernel tells it.
#include "harness/machine/tasks.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "harness/machine/cpu_account.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/process.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::machine {
namespace {

using namespace std::chrono_literals;
using std::filesystem::path;

// /proc/1234/task/1235/stat of a 6.18 kernel; the name is the program's own choice.
constexpr const char* kStat =
    "1235 (a) R 1 (b) S 1200 1234 900 0 -1 4194304 105 0 0 0 7 3 0 0 20 0 2 0 8812 7000064 400 "
    "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 5 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(ParseTask, TakesNameParentFlagsAndCpuWhateverTheNameHasInIt) {
  const auto task = parse_task(kStat);
  ASSERT_TRUE(task);
  EXPECT_EQ(task->name, "a) R 1 (b");
  EXPECT_EQ(task->parent, 1200);
  EXPECT_EQ(task->cpu, 5);
  EXPECT_FALSE(task->kernel);
}

TEST(ParseTask, KnowsAKernelThread) {
  const auto task = parse_task(
      "63 (kswapd0) S 2 0 0 0 -1 2129984 0 0 0 0 0 512 0 0 20 0 1 0 60 0 0 18446744073709551615 0 0 0 0 0 0 "
      "0 2147483647 0 1 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
  ASSERT_TRUE(task);
  EXPECT_TRUE(task->kernel);
  EXPECT_EQ(task->cpu, 1);
}

TEST(ParseTask, AnythingElseIsNone) {
  for (const char* const text : {"", "12", "12 (a", "12 (a) S", "12 )a( S 1 1 1"})
    EXPECT_FALSE(parse_task(text)) << text;
}

TEST(ParseUsagePercpu, IsByCpu) {
  const auto used = parse_usage_percpu("17842165970947 15841571923659 \n");
  EXPECT_THAT(used, ::testing::ElementsAre(::testing::Pair(0, 17842165970947ns),
                                           ::testing::Pair(1, 15841571923659ns)));
  EXPECT_TRUE(parse_usage_percpu("").empty());
}

TEST(ParseCpuStat, IsUserNiceAndSystemTimeByCpu) {
  const auto used = parse_cpu_stat(
      "cpu  300 20 100 9000 50 6 7 8 0 0\ncpu0 200 10 60 4500 25 3 4 4 0 0\ncpu7 100 10 40 4500 25 3 3 4 0 "
      "0\n"
      "intr 12345\nctxt 1\n",
      10ms);
  EXPECT_THAT(used, ::testing::ElementsAre(::testing::Pair(0, 2700ms), ::testing::Pair(7, 1500ms)));
}

/// A /proc of a test's own.
class Proc : public ::testing::Test {
 protected:
  void put(int pid, int tid, const std::string& name, long used) const {
    const path task = folder_.path() / std::to_string(pid) / "task" / std::to_string(tid);
    std::filesystem::create_directories(task);
    std::ofstream(task / "schedstat") << used << " 5 7\n";
    std::ofstream stat(task / "stat");
    stat << tid << " (" << name << ") S 1";
    for (int field = 5; field < 39; ++field) stat << " 0";
    stat << " 1\n";
  }
  test::TemporaryFolder folder_;
};

TEST_F(Proc, GivesThoseThatRanAndThoseThatAreNew) {
  put(10, 10, "idle", 500);
  put(10, 11, "busy", 1000);
  put(20, 20, "another", 900);
  std::filesystem::create_directories(folder_.path() / "sys");
  const TaskLook before(folder_.path());
  put(10, 11, "busy", 1700);
  put(12, 12, "new", 40);
  put(20, 20, "reused", 30);
  std::filesystem::create_directories(folder_.path() / "13/task/13");  // has ended meanwhile
  std::vector<TaskUse> ran = TaskLook(folder_.path()).used_since(before);
  std::ranges::sort(ran, {}, &TaskUse::tid);
  ASSERT_EQ(ran.size(), 3u);
  EXPECT_EQ(ran[0].name, "busy");
  EXPECT_EQ(ran[0].pid, 10);
  EXPECT_EQ(ran[0].cpu, 1);
  EXPECT_EQ(ran[0].used, 700ns);
  EXPECT_EQ(ran[1].used, 40ns);
  EXPECT_EQ(ran[2].used, 30ns) << "its number was another task's";
}

TEST(TaskLook, SeesAProcessThatSpins) {
  if (!std::filesystem::exists("/proc/self/schedstat")) GTEST_SKIP() << "the kernel keeps no schedstat";
  const os::Child child = os::Child::fork(false, [] {
    ::prctl(PR_SET_NAME, "tlbstorm-spins");
    for (const os::Nanoseconds until = os::now() + 60s; os::now() < until;) {
    }
    return 0;
  });
  const os::Nanoseconds began = os::now();  // a look takes its time, and the child spins meanwhile
  const TaskLook before;
  std::vector<TaskUse> ran;
  const auto spins = [&] {
    return std::ranges::find_if(ran, [&](const TaskUse& task) { return task.pid == child.pid(); });
  };
  do {
    ran = TaskLook().used_since(before);
  } while ((spins() == ran.end() || spins()->used < 50ms) && os::now() - began < 30s);
  ASSERT_NE(spins(), ran.end());
  EXPECT_EQ(spins()->name, "tlbstorm-spins");
  EXPECT_EQ(spins()->parent, ::getpid());
  EXPECT_GE(spins()->used, 50ms);
  EXPECT_LE(spins()->used, os::now() - began + 100ms) << "no more than there was";
}

TEST(CpuAccount, GrowsByNoMoreThanTheTimeThatPassed) {
  const CpuAccount account;
  const os::Nanoseconds began = os::now();
  const CpuAccount::Times before = account.read();
  ASSERT_FALSE(before.empty()) << account.source();
  while (os::now() - began < 100ms) {
  }
  const CpuAccount::Times after = account.read();
  const os::Nanoseconds passed = os::now() - began;
  os::Nanoseconds all{};
  for (const auto& [cpu, used] : after) {
    const os::Nanoseconds grown = used - before.at(cpu);
    EXPECT_LE(grown, passed + 2 * account.resolution()) << "CPU " << cpu;
    all += grown;
  }
  EXPECT_GE(all, passed / 2) << "we ran, and whoever took our CPU";
}

}  // namespace
}  // namespace tlbstorm::machine
