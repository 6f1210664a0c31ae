// SPDX-License-Identifier: Apache-2.0
// What one operation costs in shootdowns and time, as a benchmark's counters. Their names are an interface:
//   ipis_per_op          flush handlers run on other CPUs, for an iteration
//   ipis_per_page        the same for a page
//   flushes_sent_per_op  flushes sent, one however many CPUs they went to; absent without the right to trace
//   ns_per_page          time for a page
#pragma once

#include <benchmark/benchmark.h>

#include "harness/os/clock.hpp"
#include "harness/probe/shootdowns.hpp"

namespace tlbstorm::benches {

/// Counts while it lives, and gives the counters to the benchmark at its end. One iteration is one operation.
class Cost {
 public:
  Cost(benchmark::State& state, double pages) : state_(state), pages_(pages) { resume(); }
  Cost(const Cost&) = delete;
  Cost& operator=(const Cost&) = delete;
  ~Cost() {
    pause();
    const auto operations = static_cast<double>(state_.iterations());
    if (operations == 0) return;
    if (const auto received = shootdowns_.received()) {
      state_.counters["ipis_per_op"] = *received / operations;
      state_.counters["ipis_per_page"] = *received / operations / pages_;
    }
    if (const auto sent = shootdowns_.sent()) state_.counters["flushes_sent_per_op"] = *sent / operations;
    state_.counters["ns_per_page"] = static_cast<double>(took_.count()) / operations / pages_;
  }

  /// For operations that need preparing: what happens between pause() and resume() does not count.
  void pause() noexcept {
    took_ += os::now() - began_;
    shootdowns_.stop();
  }
  void resume() noexcept {
    shootdowns_.start();
    began_ = os::now();
  }

 private:
  benchmark::State& state_;
  double pages_;
  probe::Shootdowns shootdowns_;
  os::Nanoseconds began_{}, took_{};
};

}  // namespace tlbstorm::benches
