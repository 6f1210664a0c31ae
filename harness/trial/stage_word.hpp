// SPDX-License-Identifier: Apache-2.0
// The stage that is in force, in memory that several processes share and change without a lock.
#pragma once

#include <atomic>

#include "harness/trial/phase.hpp"

namespace tlbstorm::trial {

class StageWord {
 public:
  Stage get() const { return Stage(word_.load(std::memory_order_acquire)); }
  /// For a loop that only looks whether it changed, and for futexes.
  const std::atomic<std::uint32_t>& word() const { return word_; }

  /// Puts in force what `next` makes of the stage that is. If another one comes meanwhile, `next` is asked
  /// again: nothing is overwritten by what was decided before it.
  template <typename Next>
  void change(const Next& next) {
    std::uint32_t now = word_.load(std::memory_order_acquire);
    while (!word_.compare_exchange_weak(now, next(Stage(now)).word(), std::memory_order_acq_rel,
                                        std::memory_order_acquire)) {
    }
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace tlbstorm::trial
