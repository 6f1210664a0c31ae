// SPDX-License-Identifier: Apache-2.0
// A count that the kernel keeps or prints in 32 bits begins again at 0 after four billion. Such are the cells
// of /proc/interrupts (arch/x86/include/asm/hardirq.h: irq_cpustat_t, unsigned int for each CPU and row: at
// 100,000 shootdowns a second a cell wraps after twelve hours) and the milliseconds in a block device's stat
// (block/genhd.c: part_stat_show). vmstat, tracepoints, schedstat, pressure and /proc/stat have 64 bits.
#pragma once

#include <cstdint>

#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

/// Follows one such count from one reading to the next. It goes on rising where the kernel's begins again.
class WrappingCount {
 public:
  /// As the kernel gives it, with the wraps that were seen added. A wrap is told by a step of less than half
  /// the range; what is smaller than it was and can't be that has been set back, or is of someone else: from
  /// then on nothing is known, kAbsent.
  double follow(std::uint64_t now) noexcept {
    constexpr std::uint64_t kRange = std::uint64_t{1} << 32;
    if (now < last_) {
      fell_ = fell_ || last_ >= kRange || now + kRange - last_ >= kRange / 2;
      wrapped_ += kRange;
    }
    last_ = now;
    return fell_ ? kAbsent : static_cast<double>(now + wrapped_);
  }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t wrapped_ = 0;
  bool fell_ = false;
};

}  // namespace tlbstorm::probe
