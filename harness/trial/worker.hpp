// SPDX-License-Identifier: Apache-2.0
// What a workload sees of the harness: its worker. Nothing here takes a lock or makes a syscall while a phase
// lasts; a count is one plain store to a cache line that no other worker writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include "harness/os/clock.hpp"
#include "harness/os/folder.hpp"
#include "harness/trial/confinement.hpp"
#include "harness/trial/scoreboard.hpp"
#include "harness/trial/seat.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {

/// For a loop that waits on its CPU without leaving it.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Thrown in a worker when the trial has been stopped; leaves work(), and is no failure.
struct Stopped {};

class Worker {
 public:
  /// `fence` is the trial's, `folder` the run's, if they have one.
  Worker(Scoreboard& scoreboard, const Plan& plan, int index, const Confinement* fence = nullptr,
         const os::Folder* folder = nullptr);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// One that was stopped, or failed, in the middle of a measured phase has used what it has used.
  ~Worker() { close_usage(); }

  int index() const { return index_; }
  int count() const { return scoreboard_.workers(); }
  bool leader() const { return index_ == 0; }
  /// Whether workers share one address space.
  bool shares_memory() const { return mode_ == Mode::threads; }
  std::uint64_t seed() const;  ///< of this worker, from the run's

  // --- for Pacing::timed
  /// True in warmup and measure. One load of a line that is only read.
  bool running() {
    if (scoreboard_.stage_word().load(std::memory_order_acquire) != seen_.word()) [[unlikely]]
      observe_stage();
    return seen_.phase < Phase::verify;
  }

  // --- for Pacing::rounds; every worker calls each of these in step
  /// Meets the others; false when `rounds` have been measured or the duration is over. Throws Stopped.
  bool next_round(std::int64_t rounds);
  /// Meets the others. Throws Stopped.
  void barrier();
  /// The leader: runs `reclaim` as the measured window of this round, between two samples.
  void measure(const std::function<void()>& reclaim);
  /// In place of measure(), every worker: all of them start `work` together as the measured window of this
  /// round, which ends when the last has done it. Throws Stopped.
  void measure_together(const std::function<void()>& work);
  /// The others: true until the leader's window has closed. One load of a line that is only read.
  bool round_open() {
    if (scoreboard_.stage_word().load(std::memory_order_acquire) != seen_.word()) [[unlikely]]
      observe_stage();
    return seen_.round == round_ && seen_.phase < Phase::verify;
  }

  /// For a worker that sleeps or computes on its own for long: whether the trial has been stopped.
  bool stopped() const { return scoreboard_.stopped(); }

  // --- counting
  void count_operations(std::uint64_t n = 1) { add_own(slot_.operations, n); }
  /// `counter` is the index in Definition::counters.
  void count(std::size_t counter, std::uint64_t n) { add_own(slot_.counters[counter], n); }
  /// Records the time of one access that ended at `end`, and the gap since the one before as a stall if it is
  /// one. AccessTimer takes such times.
  void record(AccessClass kind, os::Nanoseconds time, os::Nanoseconds end) {
    if (!measuring_) return;
    slot_.latency[kind.index()].record(time);
    if (last_progress_ != os::Nanoseconds{}) slot_.stalls.record({last_progress_, end});
    last_progress_ = end;
  }

  /// What taking a time costs, which record() is given times without.
  void set_timing_overhead(os::Nanoseconds time) { slot_.timing_overhead = time; }

  /// Says that this trial's figures don't mean what they should.
  void invalidate(std::string_view reason) { scoreboard_.invalidate(reason); }
  /// Counts a page that came back wrong: the trial goes on, and ends as Outcome::corrupted. The first ones
  /// are kept in the run folder with `description`, one line: as they were found and as they should be, where
  /// that is given.
  void report_wrong_page(std::string_view description, std::span<const std::byte> found,
                         std::span<const std::byte> expected);
  /// Writes `<name>-trial<N>.bin` into the run folder, for whoever has to find out why. Throws
  /// os::SystemError.
  std::filesystem::path keep_evidence(std::string_view name, std::span<const std::byte> bytes) const;
  /// Has the kernel reclaim what it can of the trial's own cgroup; false when there is none, or it can't be
  /// asked.
  bool reclaim_own_memory() const;
  /// Says something that the reader of the figures should know.
  void note(std::string_view text) { scoreboard_.note(text); }

  // --- for the harness
  /// Pins itself to its CPU.
  void pin(int cpu);
  void report_ready();
  /// Sleeps until warmup or measure begins. Throws Stopped.
  void wait_for_first_phase();
  /// Its work is done: whether it was where it should have been.
  void leave();

 private:
  void observe_stage();
  void open_round();
  void close_round();
  void close_usage();
  void lose_seat();
  void require(bool going) const {
    if (!going) throw Stopped{};
  }

  Scoreboard& scoreboard_;
  Slot& slot_;
  int index_;
  Mode mode_;
  std::uint64_t run_seed_;
  const Confinement* fence_;
  const os::Folder* folder_;
  os::Nanoseconds warmup_;
  std::optional<os::Nanoseconds> duration_;
  UsageMeter meter_;
  Seat seat_;

  Stage seen_;
  bool measuring_ = false;
  os::Nanoseconds last_progress_{};
  Usage at_measure_;

  bool first_ = true;
  std::uint32_t round_ = 0;
  std::int64_t measured_rounds_ = 0;
  os::Nanoseconds first_round_{};
  os::Nanoseconds first_measured_{};
};

}  // namespace tlbstorm::trial
