// SPDX-License-Identifier: Apache-2.0
// What others used of the CPUs, against processes that use a known part of them.
#include "harness/trial/other_load.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "harness/machine/topology.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::trial {
namespace {

using namespace std::chrono_literals;

void spin(os::Nanoseconds time) {
  for (const os::Nanoseconds until = os::now() + time; os::now() < until;) {
  }
}

/// A process that is not ours: its parent has ended. It spins on a CPU until it is killed.
class Stranger {
 public:
  explicit Stranger(int cpu) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const os::Fd read_end(ends[0]), write_end(ends[1]);
    os::Child parent = os::Child::fork(false, [&] {
      const pid_t pid = ::fork();
      if (pid != 0) return ::write(write_end.get(), &pid, sizeof pid) == sizeof pid ? 0 : 1;
      ::prctl(PR_SET_NAME, "tlbstorm-hog");
      os::pin_to_cpu(cpu);
      spin(120s);  // it goes, whatever becomes of the test
      ::_exit(0);
    });
    EXPECT_TRUE(parent.wait().clean());
    EXPECT_EQ(::read(read_end.get(), &pid_, sizeof pid_), static_cast<ssize_t>(sizeof pid_));
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }

 private:
  pid_t pid_ = -1;
};

class OtherLoads : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/proc/self/schedstat")) GTEST_SKIP() << "the kernel keeps no schedstat";
    os::pin_to_cpu(cpu_);
  }
  void TearDown() override { os::run_on(before_); }

  /// What there was while we used `time` of the CPU.
  static OtherLoad while_we_spin(os::Nanoseconds time) {
    OtherLoadMeter meter;
    meter.look_before();
    meter.begin({});
    spin(time);
    meter.end({});
    meter.look_after();
    return meter.load(std::nullopt);
  }

  const std::vector<int> before_ = machine::allowed_cpus();
  const int cpu_ = before_.front();
};

TEST_F(OtherLoads, TaskThatTakesHalfOfOurCpuIsNamed) {
  const Stranger hog(cpu_);
  spin(50ms);  // until it runs
  const OtherLoad load = while_we_spin(400ms);
  EXPECT_GE(load.wall, 400ms);
  const auto named = std::ranges::find(load.foreign, "tlbstorm-hog", &OtherTask::name);
  ASSERT_NE(named, load.foreign.end());
  EXPECT_EQ(named->cpu, cpu_);
  EXPECT_GT(named->used, load.wall / 10) << "it has a part of the CPU, how large the scheduler says";
  EXPECT_LT(named->used, load.wall + load.resolution);
  EXPECT_GE(load.named(cpu_), named->used);
  EXPECT_GE(load.foreign_total, named->used);
}

TEST_F(OtherLoads, WhatWeUseOurselvesIsNotForeign) {
  std::array<char, 16> before{};  // TASK_COMM_LEN
  ::prctl(PR_GET_NAME, before.data());
  const std::string own = "own-load-test";  // another test of the same program may run beside
  ::prctl(PR_SET_NAME, own.c_str());
  const OtherLoad load = while_we_spin(200ms);
  ::prctl(PR_SET_NAME, before.data());
  EXPECT_EQ(std::ranges::find(load.foreign, own, &OtherTask::name), load.foreign.end());
}

TEST_F(OtherLoads, ProcessThatBeganAndEndedMeanwhileIsOursWhenWeWaitedForIt) {
  OtherLoadMeter meter;
  meter.look_before();
  meter.begin({});
  os::Child child = os::Child::fork(false, [] {
    while (os::read_clock(CLOCK_PROCESS_CPUTIME_ID) < 150ms) {
    }
    return 0;
  });
  child.wait();
  meter.end({});
  meter.look_after();
  const OtherLoad with = meter.load(std::nullopt);
  const OtherLoad without = meter.load(std::map<int, os::Nanoseconds>{});
  if (!with.accounted) GTEST_SKIP() << "the kernel gives no account of all tasks' time";
  EXPECT_GE(without.foreign_total - with.foreign_total, 100ms) << "it is a stranger's, if not a child's";
}

TEST_F(OtherLoads, WindowThatWasNotClosedIsNotKnown) {
  OtherLoadMeter meter;
  meter.look_before();
  meter.begin({});
  EXPECT_EQ(meter.load(std::nullopt).wall, 0ns);
}

}  // namespace
}  // namespace tlbstorm::trial
