// SPDX-License-Identifier: Apache-2.0
// What other programs took from a repetition: the checks that a trial has (harness/judge/limits.hpp), of what
// a benchmark can see.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/os/units.hpp"

namespace tlbstorm::benches {

/// What /proc/stat has counted on all CPUs, in its ticks (sysconf(_SC_CLK_TCK) a second).
struct Ticks {
  std::uint64_t user = 0;  ///< of programs, whatever their nice value
  std::uint64_t stolen = 0;
};
Ticks count_ticks(std::string_view stat);

/// The benchmark's own threads, since the repetition began.
struct OwnThreads {
  double waited = 0;       ///< runnable but not running, of the time, of the one where it was most
  double on_cpu = 1;       ///< of the time, of those that must never leave their CPUs
  os::Nanoseconds user{};  ///< all of them
};

/// The label of a repetition: empty, or record::kSpoilt and why. Ticks count only beyond four of them, by
/// which two readings and the sampling behind them can be off in a short repetition.
std::string label_of(const OwnThreads& own, const Ticks& grown, os::Nanoseconds passed, int cpus);

/// Watches from its making on.
class OtherLoad {
 public:
  OtherLoad();
  std::string label(const OwnThreads& own) const;

 private:
  os::Nanoseconds began_;
  Ticks before_;
};

}  // namespace tlbstorm::benches
