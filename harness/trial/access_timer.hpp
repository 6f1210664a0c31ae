// SPDX-License-Identifier: Apache-2.0
// Times accesses that follow one another, with one clock read for each, and tells those that faulted from
// those that hit.
//
// The time of an access is the time since the one before ended, less what the timing itself costs: the median
// of such intervals without an access between, measured when the timer is made. Whether an access faulted is
// asked of the kernel, but only if it took as long as a fault at least takes, so a hit costs no syscall.
#pragma once

#include "harness/trial/worker.hpp"

namespace tlbstorm::trial {

class AccessTimer {
 public:
  /// Measures the cost of timing: some 20 us.
  explicit AccessTimer(Worker& worker);

  /// Forgets the time since the last access, and the faults in it: to be called after anything that is not an
  /// access. Asks the kernel only if that took as long as a fault.
  void restart() {
    const os::Nanoseconds now = os::now();
    const bool may_have_faulted = now - begin_ >= kFastestFault;
    if (may_have_faulted) ask_kernel();
    begin_ = may_have_faulted ? os::now() : now;
  }

  /// The access that began when the one before ended is over.
  Met ended(Access access) {
    const os::Nanoseconds end = os::now();
    const os::Nanoseconds time = end - begin_ - overhead_;
    if (time < kFastestFault) [[likely]] {
      worker_.record({access, Met::hit}, time, end);
      begin_ = end;
      return Met::hit;
    }
    const Met met = ask_kernel();
    worker_.record({access, met}, time, end);
    begin_ = os::now();
    return met;
  }

 private:
  /// No kernel handles a fault in less: entering and leaving it alone takes that long with mitigations off.
  /// tlbstorm-bench, worker/first-touch-fault, shows what it takes here.
  static constexpr os::Nanoseconds kFastestFault{200};

  os::Nanoseconds measure_overhead();
  Met ask_kernel();

  Worker& worker_;
  os::Nanoseconds begin_{};
  os::Nanoseconds overhead_{};
  long minor_ = 0;
  long major_ = 0;
};

}  // namespace tlbstorm::trial
