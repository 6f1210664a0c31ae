// SPDX-License-Identifier: Apache-2.0
// Kernel tracepoints counted by perf events without a ring buffer, and a tracefs to look them up in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/os/fd.hpp"

namespace tlbstorm::os {

/// The tracing file system: the mounted one if there is one, else a private instance that no path leads to
/// and that is gone when this object is (fsmount(2), Linux 5.2), so there is nothing to undo. Throws
/// SystemError.
class TraceFs {
 public:
  TraceFs();
  /// The number of an event such as "tlb/tlb_flush", for perf_event_attr.config.
  std::uint64_t event_id(std::string_view event) const;
  /// How it was reached: its path, or "a private mount".
  const std::string& origin() const { return origin_; }

 private:
  Fd root_;
  std::string origin_;
};

/// Counts one tracepoint on one CPU for every process. Throws SystemError.
class TracepointCounter {
 public:
  /// `filter` is a tracepoint filter expression such as "reason == 4", or empty.
  TracepointCounter(std::uint64_t event_id, int cpu, const std::string& filter);
  /// Hits since it was opened. Reading a remote CPU's counter makes the kernel send that CPU one
  /// function-call interrupt (kernel/events/core.c: perf_event_read), a CAL, never a TLB shootdown.
  std::uint64_t read() const;

 private:
  Fd fd_;
};

}  // namespace tlbstorm::os
