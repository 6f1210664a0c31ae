// SPDX-License-Identifier: Apache-2.0
// The kernel's log as /dev/kmsg gives it, one record a read(2) (Documentation/ABI/testing/dev-kmsg), and what
// it says of the OOM killer. A worker that was killed died of something: the report tells of what, in the
// kernel's own words. Only KernelLog touches the system; it throws SystemError.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// One record of the kernel's log.
struct LogRecord {
  /// The record's microseconds. They are of the scheduler's clock (kernel/printk/printk.c: local_clock()),
  /// which starts with CLOCK_MONOTONIC but may drift from it by milliseconds.
  Nanoseconds at{};
  std::string text;
};

/// A record as read from /dev/kmsg: "6,1234,5678901,-;text\n SUBSYSTEM=...". Its text is the first line
/// alone; a byte that the kernel escaped ("\x0a") stays escaped. Nothing when it isn't such a record.
std::optional<LogRecord> parse_kmsg(std::string_view record);

/// An OOM kill as the kernel reported it.
struct OomReport {
  Nanoseconds at{};  ///< of the "Killed process" line
  int victim = 0;    ///< its pid
  std::string victim_name;
  bool in_cgroup = false;  ///< "Memory cgroup out of memory": a limit was hit, not the end of the memory
  std::string cgroup;      ///< the victim's, where the report names it
  std::string limited;     ///< the cgroup that was at its limit: the victim's or one above it
  std::optional<Bytes> swap_free, swap_total;  ///< of the whole machine; a cgroup's report has neither
  /// Of the whole machine, or in a cgroup's report of the cgroup at its limit and all below it.
  std::optional<Bytes> unevictable;
  /// From "NAME invoked oom-killer" to "Killed process N", and the oom_reaper's line of that process. It is
  /// "Killed process N" alone when the kernel held the rest back: it writes ten reports in five seconds
  /// (mm/oom_kill.c: oom_kill_process), and one for all of a cgroup with memory.oom.group.
  std::vector<std::string> lines;
};

/// The OOM reports in a run of records, in their order. A report that has no "Killed process" line (yet) is
/// none. What others logged in between is left out as far as can be told: a line counts by its form and its
/// place. The oom_reaper comes up to some seconds after the kill (OOM_REAPER_DELAY), so it may be missing
/// from early records.
std::vector<OomReport> find_oom_reports(std::span<const LogRecord> records);

/// Follows /dev/kmsg from the moment it is opened on. Needs CAP_SYSLOG where kernel.dmesg_restrict is set.
class KernelLog {
 public:
  KernelLog();
  /// All records since the last take; none waits for any. Records that were overwritten before they could be
  /// read are missing.
  std::vector<LogRecord> take();

 private:
  Fd fd_;
};

}  // namespace tlbstorm::os
