// SPDX-License-Identifier: Apache-2.0
// Other CPUs that run this process's memory: what a flush has to interrupt.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/machine/topology.hpp"
#include "harness/os/clock.hpp"

namespace tlbstorm::benches {

/// The caller's CPU and then those of its sharers, all by the harness's placement (trial::place). "compact":
/// one after the other, "same-core": a sharer on the other hyperthread of the caller's core, "other-socket":
/// all sharers on another socket. Empty when the machine has no CPUs placed so.
std::vector<int> cpus_of(const machine::Topology& topology, std::string_view placement, std::size_t sharers);

/// The calling thread on one CPU, and ahead of other programs there if it may be (nice -20); as it was when
/// destroyed.
class Pinned {
 public:
  explicit Pinned(int cpu);
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned();

 private:
  cpu_set_t before_{};
  int nice_before_;
};

/// Threads on CPUs of their own that read memory over and over until this is destroyed. They never sleep: a
/// CPU that sleeps is in lazy TLB mode and gets no interrupt, and one that runs another program gets none for
/// most flushes (arch/x86/mm/tlb.c: should_flush_tlb).
class Sharers {
 public:
  /// The calling thread is pinned to the first of `cpus` while this lives, and there is a sharer on each of
  /// the others. They read `watched`, so that they hold its translations; nothing, if it is going to be
  /// unmapped: then a page of their own, which keeps them in the mm. Returns when all of them run.
  explicit Sharers(std::span<const int> cpus, std::span<const std::byte> watched = {});
  Sharers(const Sharers&) = delete;
  Sharers& operator=(const Sharers&) = delete;
  ~Sharers();

  std::size_t count() const { return threads_.size(); }
  /// For how long they were away from their CPUs so far, on average.
  os::Nanoseconds away() const;
  /// Returns when each of them has been seen running: an operation beside a sharer that is off its CPU is
  /// cheap and interrupts nobody, so many of them would fit into a short absence.
  void wait_until_all_run();
  /// What part of the time so far they had their CPUs, 0 to 1, on average. Below 1 something else ran there,
  /// and flushes may have found nobody to interrupt.
  double on_cpu();

 private:
  /// What a sharer counts while it runs, in a cache line of its own.
  struct alignas(64) Beat {
    std::atomic<std::uint64_t> count{0};
    std::atomic<std::int64_t> away{0};  ///< ns
  };
  void share(int cpu, std::span<const std::byte> watched, Beat& beat) const;

  Pinned pinned_;
  std::atomic<bool> stop_{false};
  std::vector<Beat> beats_;
  std::vector<std::uint64_t> seen_;
  std::vector<std::jthread> threads_;
  os::Nanoseconds began_{}, cpu_time_before_{};

  os::Nanoseconds cpu_time();
};

}  // namespace tlbstorm::benches
