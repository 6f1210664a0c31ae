// SPDX-License-Identifier: Apache-2.0
// The times in which a worker finished no operation, kept exactly above a threshold, and from them the
// longest time in which no worker did. A fixed-size log in shared memory: when it is full its threshold
// doubles.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/os/units.hpp"

namespace tlbstorm::trial {

/// A time without progress, on the clock of os::now().
struct Gap {
  os::Nanoseconds begin;
  os::Nanoseconds end;
  os::Nanoseconds length() const { return end - begin; }
};

class StallLog {
 public:
  static constexpr std::size_t kCapacity = 1024;

  /// Only the owning worker calls this; a killed worker leaves a readable log.
  void record(Gap gap) {
    if (gap.length() < threshold_) return;
    if (size_ == kCapacity) forget_short_ones();
    if (gap.length() >= threshold_) gaps_[size_++] = gap;
  }
  /// Gaps shorter than this are not in the log.
  os::Nanoseconds threshold() const { return threshold_; }
  std::span<const Gap> gaps() const { return {gaps_.data(), size_}; }

 private:
  void forget_short_ones() {
    while (size_ == kCapacity) {
      threshold_ *= 2;
      const auto end =
          std::remove_if(gaps_.begin(), gaps_.end(), [this](Gap g) { return g.length() < threshold_; });
      size_ = static_cast<std::size_t>(end - gaps_.begin());
    }
  }

  os::Nanoseconds threshold_{std::chrono::microseconds{100}};
  std::size_t size_ = 0;
  std::array<Gap, kCapacity> gaps_{};
};

/// The longest time that lies in a gap of every log. Gaps of one worker are in time order and don't overlap.
inline os::Nanoseconds longest_common_gap(const std::vector<std::vector<Gap>>& workers) {
  if (workers.empty()) return {};
  std::vector<Gap> common = workers.front();
  for (std::size_t w = 1; w < workers.size(); ++w) {
    std::vector<Gap> both;
    auto a = common.begin();
    auto b = workers[w].begin();
    while (a != common.end() && b != workers[w].end()) {
      const Gap overlap{std::max(a->begin, b->begin), std::min(a->end, b->end)};
      if (overlap.begin < overlap.end) both.push_back(overlap);
      if (a->end < b->end)
        ++a;
      else
        ++b;
    }
    common = std::move(both);
  }
  os::Nanoseconds longest{};
  for (const Gap& gap : common) longest = std::max(longest, gap.length());
  return longest;
}

}  // namespace tlbstorm::trial
