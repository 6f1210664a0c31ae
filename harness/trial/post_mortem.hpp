// SPDX-License-Identifier: Apache-2.0
// What there is to say when the kernel ran out of memory during a trial: whom it killed and when, how much
// the workers held locked, how much swap was still free, and the kernel's own report.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/os/kernel_log.hpp"
#include "harness/trial/observation.hpp"

namespace tlbstorm::trial {

class PostMortem {
 public:
  /// Follows the kernel's log from now on, if this user may.
  explicit PostMortem(std::span<const probe::Column> columns);

  /// Remembers how much swap was free lately, and how much the workers held locked if they count it.
  void sample(const Sample& sample);
  /// The kernel's reports since the trial began, for all processes.
  std::vector<os::OomReport> reports();
  /// One line on a trial that ended for lack of memory, as things stood when the kernel killed: what is left
  /// of a trial gives memory back after that. `pids` are its processes, that of the trial first.
  std::string account(const std::vector<os::OomReport>& reports, std::span<const int> pids) const;

 private:
  struct Moment {
    os::Nanoseconds at{};
    double free = probe::kAbsent, total = probe::kAbsent, locked = probe::kAbsent;
    bool after_end = false;  ///< later than the edge that closes the trial's work
  };
  /// The last moment before the kill at which a figure is known; null when there was none.
  const Moment* before_the_kill(const os::OomReport* report, double Moment::*figure) const;
  bool has_a_time(const os::OomReport& report) const;
  std::string swap_text(const os::OomReport* report) const;
  std::string locked_text(const os::OomReport* report) const;

  os::Nanoseconds began_;
  bool had_swap_;
  std::optional<os::KernelLog> log_;
  std::optional<std::size_t> free_column_, total_column_, locked_column_;
  std::array<Moment, 64> lately_{};  ///< a ring: samples go on for a moment after the kill
  std::size_t next_ = 0;
  bool ended_ = false;
};

/// Whether the victim was one of ours, by its pid, its cgroup, or its name, which is that of the trial's
/// process: the first of `pids`.
bool is_ours(const os::OomReport& report, std::span<const int> pids);

}  // namespace tlbstorm::trial
