// SPDX-License-Identifier: Apache-2.0
// What all tasks together have used of each CPU, by the kernel's own account.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "harness/os/units.hpp"

namespace tlbstorm::machine {

/// cpuacct's of the root cgroup (kernel/sched/cpuacct.c: cpuacct_charge(), which update_curr() calls at each
/// tick), or where that is not mounted, the ticks of /proc/stat. /proc/schedstat is of no use here: it counts
/// a task's time when the task leaves the CPU (kernel/sched/stats.h: sched_info_depart()), so one that keeps
/// it has none.
class CpuAccount {
 public:
  explicit CpuAccount(const std::filesystem::path& proc = "/proc");

  using Times = std::map<int, os::Nanoseconds>;  ///< by CPU; empty: not known
  Times read() const;
  /// By which each may be late.
  os::Nanoseconds resolution() const { return resolution_; }
  std::string source() const { return file_.native(); }

 private:
  std::filesystem::path file_;
  bool ticks_ = true;  ///< /proc/stat
  os::Nanoseconds resolution_;
};

/// Of cpuacct.usage_percpu, and of /proc/stat.
CpuAccount::Times parse_usage_percpu(std::string_view text);
CpuAccount::Times parse_cpu_stat(std::string_view text, os::Nanoseconds tick);

}  // namespace tlbstorm::machine
