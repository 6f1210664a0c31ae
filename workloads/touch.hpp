// SPDX-License-Identifier: Apache-2.0
// Passing over memory: which words are touched, in which order. In a header, so that the loops are compiled
// into whoever measures with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/os/clock.hpp"
#include "harness/trial/worker.hpp"
#include "workloads/random.hpp"

namespace tlbstorm::workloads {

struct TouchPattern {
  std::size_t step = 4096;  ///< bytes from one touch to the next
  std::size_t unit = 8;     ///< bytes that one touch is of, up to the step
  bool random = false;
  os::Nanoseconds delay{};  ///< computed away after each touch

  std::size_t touches(std::span<const std::byte> memory) const { return memory.size() / step; }
};

/// What a touched word holds: its address, so that no two pages are alike.
inline std::uint64_t mark_of(const std::byte* at) { return reinterpret_cast<std::uint64_t>(at) | 1; }

/// Computes for this long.
inline void compute_for(os::Nanoseconds time) {
  for (const os::Nanoseconds until = os::now() + time; os::now() < until;) trial::relax();
}

/// Calls visit(place) for each touch of a pass.
template <typename Visit>
void touch_all(std::span<std::byte> memory, const TouchPattern& pattern, Random& random, Visit visit) {
  const std::size_t touches = pattern.touches(memory);
  if (!pattern.random && pattern.delay == os::Nanoseconds{0}) {
    for (std::size_t i = 0; i < touches; ++i) visit(memory.data() + i * pattern.step);
    return;
  }
  for (std::size_t i = 0; i < touches; ++i) {
    visit(memory.data() + (pattern.random ? random.below(touches) : i) * pattern.step);
    if (pattern.delay > os::Nanoseconds{0}) compute_for(pattern.delay);
  }
}

/// One pass that writes.
inline void write_marks(std::span<std::byte> memory, const TouchPattern& pattern, Random& random) {
  if (pattern.unit <= sizeof(std::uint64_t))
    return touch_all(memory, pattern, random,
                     [](std::byte* at) { *reinterpret_cast<volatile std::uint64_t*>(at) = mark_of(at); });
  touch_all(memory, pattern, random, [&](std::byte* at) {
    for (std::size_t i = 0; i < pattern.unit; i += sizeof(std::uint64_t))
      *reinterpret_cast<volatile std::uint64_t*>(at + i) = mark_of(at);
  });
}

/// One pass that reads; how many words are not what write_marks() wrote there.
inline std::size_t read_marks(std::span<std::byte> memory, const TouchPattern& pattern, Random& random) {
  std::size_t wrong = 0;
  touch_all(memory, pattern, random, [&](std::byte* at) {
    wrong += *reinterpret_cast<const volatile std::uint64_t*>(at) != mark_of(at);
  });
  return wrong;
}

}  // namespace tlbstorm::workloads
