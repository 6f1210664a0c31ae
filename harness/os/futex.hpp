// SPDX-License-Identifier: Apache-2.0
// Waiting on a word of shared memory, between threads and between processes (so never FUTEX_PRIVATE).
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

#include "harness/os/clock.hpp"

namespace tlbstorm::os {

/// Sleeps while the word holds `expected`, until `deadline` on the clock of now(). Spurious returns are
/// possible.
inline void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Nanoseconds deadline) {
  const timespec until = to_timespec(deadline);
  ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected, &until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

inline void futex_wake_all(const std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace tlbstorm::os
