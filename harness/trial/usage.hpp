// SPDX-License-Identifier: Apache-2.0
// What a thread used of the machine.
#pragma once

#include <cstdint>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::trial {

/// From getrusage(RUSAGE_THREAD) and /proc/thread-self/schedstat.
struct Usage {
  os::Nanoseconds wall{}, on_cpu{}, waiting{};  ///< waiting: runnable, but not on a CPU
  os::Nanoseconds user{}, system{};
  std::uint64_t minor_faults = 0, major_faults = 0, voluntary_switches = 0, involuntary_switches = 0;
  bool waiting_known = false;

  Usage& operator+=(const Usage& other);
  friend Usage operator-(const Usage& a, const Usage& b);
};

/// Reads the calling thread's usage since it began. To be opened by the thread that it is of.
class UsageMeter {
 public:
  void open();
  Usage read() const;

 private:
  os::Fd schedstat_;  ///< without CONFIG_SCHED_INFO there is no such file and waiting stays unknown
};

}  // namespace tlbstorm::trial
