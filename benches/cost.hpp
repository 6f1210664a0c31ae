// SPDX-License-Identifier: Apache-2.0
// What one operation costs in shootdowns and time, as a benchmark's counters. Their names are an interface:
//   ipis_per_op          flush handlers run on other CPUs, for an iteration
//   ipis_per_page        the same for a page
//   flushes_sent_per_op  flushes sent, one however many CPUs they went to; absent without the right to trace
//   ns_per_op            time of an operation that counts; the library's real_time has the others, too
//   ns_per_page          the same for a page
//   faults_per_page      page faults of the calling thread, for a page
//   sharers_on_cpu       what part of the time the sharers ran, 0 to 1; absent when there are none
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>

#include "benches/other_load.hpp"
#include "benches/sharers.hpp"
#include "harness/os/clock.hpp"
#include "harness/probe/shootdowns.hpp"
#include "harness/trial/usage.hpp"

namespace tlbstorm::benches {

/// Counts while it lives, and gives the counters to the benchmark at its end, or a label that says what
/// spoilt them. One iteration is one operation.
///
/// An operation beside a sharer that another program keeps from its CPU interrupts nobody, and is many times
/// faster for it. So operations wait for sharers that are away; one that is so long that sharers were away
/// for a two-hundredth of it does not count, if it was counted alone.
class Cost {
 public:
  Cost(benchmark::State& state, Sharers& sharers, int pages);
  Cost(const Cost&) = delete;
  Cost& operator=(const Cost&) = delete;
  ~Cost();

  /// After each operation. Waits for the sharers now and then, which does not count.
  void operation_done() {
    count_operation();
    if (--operations_until_look_ == 0) look_after_sharers();
  }
  /// The same without the waiting, which writes to memory.
  void count_operation() { ++operations_of_stretch_; }

  /// In the loop, for operations that need preparing: what happens between pause() and resume() does not
  /// count.
  void pause();
  void resume();
  /// After the loop, when more than its end is still to come.
  void stop();

 private:
  void report();
  std::string label() const;
  void start();
  bool spoilt();
  void start_clock();
  void look_after_sharers();

  benchmark::State& state_;
  Sharers& sharers_;
  double pages_;
  int exceptions_before_;
  OtherLoad load_;
  trial::UsageMeter meter_;
  trial::Usage at_begin_;
  os::Nanoseconds user_before_;
  probe::Shootdowns shootdowns_;
  bool counting_ = false;
  std::uint64_t operations_until_look_ = 1, operations_between_looks_ = 1;
  os::Nanoseconds shortest_look_ = std::chrono::seconds{1};
  // of the stretch that is being counted
  os::Nanoseconds began_{}, took_of_stretch_{};
  std::uint64_t operations_of_stretch_ = 0;
  std::optional<os::Nanoseconds> away_before_;
  long faults_before_ = 0;
  // of all that count
  os::Nanoseconds took_{};
  std::uint64_t operations_ = 0;
  long faults_ = 0;
};

}  // namespace tlbstorm::benches
