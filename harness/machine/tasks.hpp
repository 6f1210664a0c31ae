// SPDX-License-Identifier: Apache-2.0
// The tasks of this machine and the CPU time that they use. Linux: Documentation/scheduler/sched-stats.rst,
// /proc/PID/task/TID/schedstat; Documentation/filesystems/proc.rst, /proc/PID/task/TID/stat.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/os/units.hpp"

namespace tlbstorm::machine {

/// A task that ran between two looks.
struct TaskUse {
  std::string name;
  int tid = 0, pid = 0, parent = 0;
  int cpu = -1;         ///< where it ran last
  bool kernel = false;  ///< a kernel thread
  os::Nanoseconds used{};
};

/// What each task has used of the CPUs so far. A task that runs while it is looked at has used up to a tick
/// more. Tasks that the caller may not see are not there (hidepid), nor are any without CONFIG_SCHED_INFO.
class TaskLook {
 public:
  explicit TaskLook(const std::filesystem::path& proc = "/proc");

  /// Those that have run since `before`, and are there still; a new one has used all that it ever used.
  std::vector<TaskUse> used_since(const TaskLook& before) const;
  /// What a task had used by then; zero where it was not there.
  os::Nanoseconds used_by(int tid) const;

 private:
  struct Seen {
    int pid = 0;
    os::Nanoseconds used{};
  };
  std::filesystem::path proc_;
  std::unordered_map<int, Seen> tasks_;  ///< by tid
};

/// Of /proc/PID/task/TID/stat: all but the time used. Nothing when it is not such a line.
std::optional<TaskUse> parse_task(std::string_view stat);

}  // namespace tlbstorm::machine
