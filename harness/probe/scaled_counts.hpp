// SPDX-License-Identifier: Apache-2.0
// Counters that shared the hardware with others: the kernel lets them take turns and says for how long a
// group was to count and for how long it did (perf_event_open(2): PERF_FORMAT_TOTAL_TIME_RUNNING). What was
// missed is estimated from one reading to the next. To scale the whole count each time instead would let it
// fall whenever the group's part of the time rises.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/os/units.hpp"

namespace tlbstorm::probe {

/// The counters of one group since it was opened, as if it had counted all the time. They only rise.
/// Allocates nothing after it was made.
class ScaledCounts {
 public:
  explicit ScaledCounts(std::size_t counters) : last_(counters), totals_(counters) {}

  /// Takes a reading in. Returns the part of the time since the reading before in which the group counted;
  /// nothing where there was no such time: a process that has not run, a CPU that is offline.
  ///
  /// In a stretch without any turn nothing is known of the counts, so they are absent. That stretch is not
  /// dropped: the next reading scales up over all of it.
  std::optional<double> add(os::Nanoseconds enabled, os::Nanoseconds running,
                            std::span<const std::uint64_t> values) noexcept;

  /// A reading that failed.
  void miss() noexcept { known_ = false; }

  /// As of the last reading; kAbsent when it told nothing, and for good once a raw count or a time has
  /// fallen.
  double count(std::size_t counter) const noexcept;

 private:
  bool fell(os::Nanoseconds enabled, os::Nanoseconds running,
            std::span<const std::uint64_t> values) const noexcept;

  os::Nanoseconds enabled_{}, running_{};  ///< at the last reading that told something
  std::vector<std::uint64_t> last_;        ///< raw, at the same reading
  std::vector<double> totals_;
  bool known_ = true;
  bool broken_ = false;
};

}  // namespace tlbstorm::probe
