// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/worker.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "harness/os/futex.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {
namespace {

os::Nanoseconds from_timeval(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

void pin_to(int cpu) {
  cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(cpu) + 1);
  const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpu) + 1);
  CPU_ZERO_S(size, set);
  CPU_SET_S(static_cast<std::size_t>(cpu), size, set);
  const int failed = ::sched_setaffinity(0, size, set) != 0 ? errno : 0;
  CPU_FREE(set);
  if (failed) throw os::SystemError("pin a worker to CPU", std::to_string(cpu), failed);
}

}  // namespace

Worker::Worker(Scoreboard& scoreboard, const Plan& plan, int index)
    : scoreboard_(scoreboard),
      slot_(scoreboard.slot(index)),
      index_(index),
      mode_(plan.mode),
      run_seed_(plan.seed),
      warmup_(plan.warmup),
      duration_(plan.duration) {}

std::uint64_t Worker::seed() const {
  // splitmix64's increment keeps the workers' sequences apart: Steele, Lea, Flood, OOPSLA 2014.
  return run_seed_ + 0x9e3779b97f4a7c15ULL * (static_cast<std::uint64_t>(index_) + 1);
}

void Worker::start(int cpu) {
  pin_to(cpu);
  slot_.tid.store(::gettid(), std::memory_order_relaxed);
  slot_.cpu.store(cpu, std::memory_order_relaxed);
  // Of this thread; without CONFIG_SCHED_INFO there is no such file and waiting stays unknown.
  schedstat_ = os::Fd(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  scoreboard_.ready().fetch_add(1, std::memory_order_acq_rel);
}

void Worker::wait_for_first_phase() {
  constexpr os::Nanoseconds kLookAgain = std::chrono::milliseconds{100};
  while (scoreboard_.stage().phase == Phase::setup)
    os::futex_wait(scoreboard_.stage_word(), scoreboard_.stage().word(), os::now() + kLookAgain);
  require(!scoreboard_.stopped());
}

Usage Worker::usage() const {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  Usage now;
  now.wall = os::now();
  now.on_cpu = os::read_clock(CLOCK_THREAD_CPUTIME_ID);
  now.user = from_timeval(used.ru_utime);
  now.system = from_timeval(used.ru_stime);
  now.minor_faults = static_cast<std::uint64_t>(used.ru_minflt);
  now.major_faults = static_cast<std::uint64_t>(used.ru_majflt);
  now.voluntary_switches = static_cast<std::uint64_t>(used.ru_nvcsw);
  now.involuntary_switches = static_cast<std::uint64_t>(used.ru_nivcsw);
  char text[96];
  const ssize_t got = schedstat_ ? ::pread(schedstat_.get(), text, sizeof text, 0) : -1;
  if (got > 0) {
    // "time on the CPU, time waiting on a run queue, timeslices": Documentation/scheduler/sched-stats.rst
    std::string_view line(text, static_cast<std::size_t>(got));
    os::take_field(line);
    if (const auto waited = os::to_number(os::take_field(line))) {
      now.waiting = os::Nanoseconds{static_cast<std::int64_t>(*waited)};
      now.waiting_known = true;
    }
  }
  return now;
}

void Worker::close_usage() {
  if (measuring_) slot_.measured += usage() - at_measure_;
  measuring_ = false;
}

void Worker::observe_stage() {
  close_usage();
  seen_ = scoreboard_.stage();
  measuring_ = seen_.phase == Phase::measure;
  if (measuring_) at_measure_ = usage();
  last_progress_ = {};
}

void Worker::barrier() { require(scoreboard_.barrier()); }

bool Worker::next_round(std::int64_t rounds) {
  if (first_) {
    first_ = false;
    first_round_ = os::now();
  } else {
    ++round_;
  }
  if (leader()) {
    const bool late = duration_ && measured_rounds_ > 0 && os::now() - first_measured_ >= *duration_;
    scoreboard_.rounds_over().store(measured_rounds_ >= rounds || late, std::memory_order_release);
  }
  barrier();
  return scoreboard_.rounds_over().load(std::memory_order_acquire) == 0;
}

void Worker::measure(const std::function<void()>& reclaim) {
  const bool warming = warmup_ > os::Nanoseconds{0} && (round_ == 0 || os::now() - first_round_ < warmup_);
  require(scoreboard_.enter({warming ? Phase::warmup : Phase::measure, round_}));
  observe_stage();
  if (!warming && measured_rounds_++ == 0) first_measured_ = os::now();
  reclaim();
  close_usage();
  require(scoreboard_.enter({Phase::setup, round_ + 1}));
  observe_stage();
}

}  // namespace tlbstorm::trial
