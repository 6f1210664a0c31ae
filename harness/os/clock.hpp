// SPDX-License-Identifier: Apache-2.0
// The one clock of a run: CLOCK_MONOTONIC, the same in every process of the run and in futex deadlines.
#pragma once

#include <sys/time.h>

#include <ctime>

#include "harness/os/units.hpp"

namespace tlbstorm::os {

inline Nanoseconds read_clock(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::chrono::seconds{t.tv_sec} + Nanoseconds{t.tv_nsec};
}

/// Time since boot; through the vDSO, no syscall.
inline Nanoseconds now() { return read_clock(CLOCK_MONOTONIC); }

inline timespec to_timespec(Nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

inline Nanoseconds from_timeval(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

inline double to_seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace tlbstorm::os
