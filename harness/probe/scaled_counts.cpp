// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/scaled_counts.hpp"

#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

std::optional<double> ScaledCounts::add(os::Nanoseconds enabled, os::Nanoseconds running,
                                        std::span<const std::uint64_t> values) noexcept {
  broken_ = broken_ || fell(enabled, running, values);
  if (broken_) return std::nullopt;
  const auto wanted = static_cast<double>((enabled - enabled_).count());
  const auto had = static_cast<double>((running - running_).count());
  known_ = wanted == 0 || had > 0;
  if (wanted == 0) return std::nullopt;
  if (!known_) return 0;
  for (std::size_t i = 0; i < last_.size(); ++i) {
    totals_[i] += static_cast<double>(values[i] - last_[i]) * wanted / had;
    last_[i] = values[i];
  }
  enabled_ = enabled;
  running_ = running;
  return had / wanted;
}

double ScaledCounts::count(std::size_t counter) const noexcept {
  return known_ && !broken_ ? totals_[counter] : kAbsent;
}

bool ScaledCounts::fell(os::Nanoseconds enabled, os::Nanoseconds running,
                        std::span<const std::uint64_t> values) const noexcept {
  for (std::size_t i = 0; i < last_.size(); ++i)
    if (values[i] < last_[i]) return true;
  return enabled < enabled_ || running < running_;
}

}  // namespace tlbstorm::probe
