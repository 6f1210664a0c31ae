// SPDX-License-Identifier: Apache-2.0
// What others used of the CPUs while a trial measured, in user and in kernel mode alike, and who they were.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/machine/cpu_account.hpp"
#include "harness/machine/exited_tasks.hpp"
#include "harness/machine/tasks.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::trial {

/// Tasks of one name that ran on a CPU last.
struct OtherTask {
  std::string name;
  int cpu = -1;
  os::Nanoseconds used{};
};

struct OtherLoad {
  os::Nanoseconds wall{};  ///< of what was looked at; zero: it is not known
  bool accounted = false;  ///< whether the kernel's account of all tasks is known, too
  os::Nanoseconds resolution{};
  std::vector<OtherTask> foreign;   ///< that work for others, most first
  std::vector<OtherTask> ended;     ///< of others, that have ended; where they ran is not known
  std::vector<OtherTask> kernel;    ///< kernel threads that work for the trial as for others, most first
  os::Nanoseconds foreign_total{};  ///< on all CPUs; with tasks that have ended, or that we may not see
  /// On the CPU of each worker, whose own time is known; without kernel threads that were there last.
  std::map<int, os::Nanoseconds> beside_worker;

  os::Nanoseconds named() const;
  /// By those that ran there last.
  os::Nanoseconds named(int cpu) const;
};

/// Looks when the window begins and when it ends. Costs some microseconds for each task of the machine, so it
/// looks at them outside of it.
class OtherLoadMeter {
 public:
  /// Before the window, and when it has begun. `ours` are the trial's processes: what those that run have
  /// used is brought up to date.
  void look_before();
  void begin(std::span<const int> ours);
  /// When it has ended, and after it.
  void end(std::span<const int> ours);
  void look_after();

  /// `own` is the CPU time of the trial's workers and bystanders in the window, by CPU; nothing if the trial
  /// began and ended within it, as one of rounds does: then it is that of our children, wherever they ran.
  OtherLoad load(const std::optional<std::map<int, os::Nanoseconds>>& own) const;

 private:
  struct Edge {
    os::Nanoseconds at{}, self{}, children{};
    machine::CpuAccount::Times used;
  };
  Edge take_edge(std::span<const int> ours);

  machine::CpuAccount account_;
  std::optional<machine::TaskLook> before_;
  std::optional<machine::ExitedTasks> listener_;
  std::vector<machine::TaskUse> ended_;
  std::optional<std::vector<machine::TaskUse>> ran_;
  std::optional<Edge> begin_, end_;
  std::set<int> ours_;  ///< a task that ends has no parent any more to know it by
};

}  // namespace tlbstorm::trial
