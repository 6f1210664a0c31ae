// SPDX-License-Identifier: Apache-2.0
// A thread's CPU. It is pinned there, and can be moved all the same: by whoever changes its affinity or its
// cpuset, or takes the CPU offline. Whoever measures on it asks at the end whether it stayed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tlbstorm::trial {

class Seat {
 public:
  /// Pins the calling thread; it is this thread's seat from then on. Throws os::SystemError.
  void take(int cpu);

  /// Whether it runs there now and may run nowhere else. Costs a system call and allocates nothing.
  bool kept() const noexcept;
  /// Whether it was there all the time, as far as this kernel keeps count of it: CONFIG_SCHED_DEBUG.
  bool never_left() const;
  /// What to say of one that was not kept. `who` is its thread: "worker 3".
  std::string lost(const std::string& who) const;

  /// The CPU that the calling thread runs on now.
  static int current() noexcept;

 private:
  int cpu_ = -1;
  mutable std::vector<unsigned long> mask_;  ///< as large as the kernel's own
  std::optional<std::uint64_t> moves_;       ///< when it was taken
};

}  // namespace tlbstorm::trial
