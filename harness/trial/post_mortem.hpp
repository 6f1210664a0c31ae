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

  /// Remembers how much swap was free lately.
  void sample(const Sample& sample);
  /// The kernel's reports since the trial began, for all processes.
  std::vector<os::OomReport> reports();
  /// One line on a trial that ended for lack of memory. `pids` are its processes, `locked` is what its
  /// workers held, if they count it.
  std::string account(const std::vector<os::OomReport>& reports, std::span<const int> pids,
                      std::optional<os::Bytes> locked) const;

 private:
  struct Swap {
    os::Nanoseconds at{};
    double free = probe::kAbsent, total = probe::kAbsent;
  };
  std::string swap_text(const os::OomReport* report) const;

  os::Nanoseconds began_;
  bool had_swap_;
  std::optional<os::KernelLog> log_;
  std::optional<std::size_t> free_column_, total_column_;
  std::array<Swap, 16> lately_{};  ///< a ring: samples go on for a moment after the kill
  std::size_t next_ = 0;
};

/// Whether the victim was one of ours: a process of the trial, by its pid, cgroup or name.
bool is_ours(const os::OomReport& report, std::span<const int> pids);

}  // namespace tlbstorm::trial
