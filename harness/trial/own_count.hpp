// SPDX-License-Identifier: Apache-2.0
// A count that one thread writes and others read.
#pragma once

#include <atomic>
#include <cstdint>

namespace tlbstorm::trial {

/// A plain load and store, so that the measured loop pays for no locked instruction.
inline void add_own(std::atomic<std::uint64_t>& count, std::uint64_t n) {
  count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace tlbstorm::trial
