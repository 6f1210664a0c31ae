// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "harness/os/clock.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {
Usage& Usage::operator+=(const Usage& o) {
  wall += o.wall;
  on_cpu += o.on_cpu;
  waiting += o.waiting;
  user += o.user;
  system += o.system;
  minor_faults += o.minor_faults;
  major_faults += o.major_faults;
  voluntary_switches += o.voluntary_switches;
  involuntary_switches += o.involuntary_switches;
  waiting_known = o.waiting_known;
  return *this;
}

Usage operator-(const Usage& a, const Usage& b) {
  return {a.wall - b.wall,
          a.on_cpu - b.on_cpu,
          a.waiting - b.waiting,
          a.user - b.user,
          a.system - b.system,
          a.minor_faults - b.minor_faults,
          a.major_faults - b.major_faults,
          a.voluntary_switches - b.voluntary_switches,
          a.involuntary_switches - b.involuntary_switches,
          a.waiting_known && b.waiting_known};
}

void UsageMeter::open() { schedstat_ = os::Fd(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)); }

Usage UsageMeter::read() const {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  Usage now;
  now.wall = os::now();
  now.on_cpu = os::read_clock(CLOCK_THREAD_CPUTIME_ID);
  now.user = os::from_timeval(used.ru_utime);
  now.system = os::from_timeval(used.ru_stime);
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

}  // namespace tlbstorm::trial
