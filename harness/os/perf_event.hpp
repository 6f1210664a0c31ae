// SPDX-License-Identifier: Apache-2.0
// Counters of perf_event_open(2): tracepoints, software and hardware events, and a tracefs to look
// tracepoints up in.
#pragma once

#include <linux/perf_event.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

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

/// What a group of counters watches: every process on one CPU, one process with all that it starts later, or
/// the calling thread alone, wherever they run.
struct Watched {
  static Watched on_cpu(int cpu) { return {-1, cpu}; }
  static Watched process(pid_t pid) { return {pid, -1, true}; }
  static Watched calling_thread() { return {0, -1}; }
  pid_t pid;
  int cpu;
  bool inherited = false;  ///< by what it starts
};

/// Counters that the kernel runs and reads together, without a ring buffer. Reading those of another CPU
/// makes the kernel send that CPU one function-call interrupt (kernel/events/core.c: perf_event_read), a CAL,
/// never a TLB shootdown.
class CounterGroup {
 public:
  explicit CounterGroup(Watched watched) : watched_(watched) {}

  /// Opens one more. `name` is for messages; `filter` is a tracepoint filter expression such as "reason ==
  /// 4", or empty. Throws SystemError.
  void add(perf_event_attr attributes, const std::string& name, const std::string& filter = "");
  std::size_t size() const { return members_.size(); }

  /// How long the group was meant to count and how long it did: less when it shares the hardware with others.
  struct Times {
    Nanoseconds enabled{};
    Nanoseconds running{};
  };
  /// One value for each counter, in the order of add(); nothing when they can't be read, or no longer count:
  /// those of a CPU that went offline are never started again. Allocates nothing.
  std::optional<Times> read(std::span<std::uint64_t> values) noexcept;

 private:
  bool still_counts() noexcept;

  Watched watched_;
  std::vector<Fd> members_;            ///< the first one leads
  std::vector<std::uint64_t> buffer_;  ///< as the kernel fills it: number, two times, values
  std::uint64_t enabled_ = 0;          ///< at the reading that last showed more of it
  Nanoseconds alive_{};                ///< when that was
};

/// Whether we may count everything on a CPU, by an event that counts nothing and costs nothing. Throws
/// SystemError as the counter of that name would.
void check_right_to_count(int cpu, const std::string& name);

/// What counts the hits of a tracepoint, by its number from TraceFs::event_id().
perf_event_attr tracepoint_attributes(std::uint64_t event_id);

}  // namespace tlbstorm::os
