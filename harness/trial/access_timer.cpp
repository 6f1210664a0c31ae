// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/access_timer.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>

namespace tlbstorm::trial {

AccessTimer::AccessTimer(Worker& worker) : worker_(worker) {
  overhead_ = measure_overhead();
  worker.set_timing_overhead(overhead_);
  restart();
}

os::Nanoseconds AccessTimer::measure_overhead() {
  std::array<os::Nanoseconds, 501> times;
  const auto scratch = std::make_unique<Histogram>();
  os::Nanoseconds before = os::now();
  for (os::Nanoseconds& time : times) {
    const os::Nanoseconds end = os::now();
    time = end - before;
    scratch->record(time);
    before = end;
  }
  const auto middle = times.begin() + times.size() / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

Met AccessTimer::ask_kernel() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  const Met met = used.ru_majflt > major_ ? Met::major : used.ru_minflt > minor_ ? Met::minor : Met::hit;
  minor_ = used.ru_minflt;
  major_ = used.ru_majflt;
  return met;
}

}  // namespace tlbstorm::trial
