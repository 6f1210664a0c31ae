// SPDX-License-Identifier: Apache-2.0
// Other CPUs that run this process's memory: what a flush has to interrupt.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/machine/topology.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/mapping.hpp"

namespace tlbstorm::benches {

/// The caller's CPU and then those of its sharers, all by the harness's placement (trial::place). "compact":
/// one after the other, "same-core": a sharer on the other hyperthread of the caller's core, "other-socket":
/// all sharers on another socket. Empty when the machine has no CPUs placed so.
std::vector<int> cpus_of(const machine::Topology& topology, std::string_view placement, std::size_t sharers);

/// The calling thread on one CPU, and ahead of other programs there if it may be (nice -20); as it was when
/// destroyed.
class Pinned {
 public:
  /// Throws os::SystemError.
  explicit Pinned(int cpu);
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned();

  /// The CPUs that it could run on before.
  const std::vector<int>& before() const { return before_; }

 private:
  std::vector<int> before_;
  int nice_before_;
};

/// Threads on CPUs of their own that read memory over and over until this is destroyed. They never sleep: a
/// CPU that sleeps is in lazy TLB mode and gets no interrupt, and one that runs another program gets none for
/// most flushes (arch/x86/mm/tlb.c: should_flush_tlb).
class Sharers {
 public:
  /// The calling thread is pinned to the first of `cpus` while this lives, and there is a sharer on each of
  /// the others. They read `watched`, so that they hold its translations; nothing, if it is going to be
  /// unmapped: then a page of their own, which keeps them in the mm. Returns when all of them run. Throws
  /// os::Error.
  explicit Sharers(std::span<const int> cpus, std::span<const std::byte> watched = {});

  std::size_t count() const { return sharers_.size(); }
  /// What part of the time so far they had their CPUs, 0 to 1, on average. Below 1 something else ran there,
  /// and flushes may have found nobody to interrupt.
  double on_cpu() const;
  /// For how long they waited for their CPUs so far, on average; nothing where the kernel does not tell
  /// (Documentation/scheduler/sched-stats.rst: it needs CONFIG_SCHED_INFO).
  std::optional<os::Nanoseconds> away() const;
  /// Returns when each of them has been seen running: an operation beside a sharer that is off its CPU is
  /// cheap and interrupts nobody, so many of them would fit into a short absence. Throws os::Error when one
  /// does not run for seconds.
  void wait_until_all_run();

 private:
  /// What a sharer says, in a cache line of its own.
  struct alignas(64) Sign {
    std::atomic<pid_t> thread_id{0};  ///< once it is on its CPU
    std::atomic<int> error{0};        ///< why it can't be there, an errno
    std::atomic<std::uint64_t> beats{0};
  };
  struct Sharer {
    int cpu;
    Sign* sign;
    os::Fd schedstat;
    std::jthread thread;
  };
  static void share(const std::stop_token& stop, int cpu, std::span<const std::byte> watched, Sign& sign);
  static void await(Sharer& sharer);
  void give_up_on(const Sharer& absent);
  os::Nanoseconds cpu_time() const;

  Pinned pinned_;
  os::Mapping signs_;  ///< shared: a fork does not make anyone copy it
  std::vector<std::uint64_t> seen_;
  std::vector<Sharer> sharers_;
  os::Nanoseconds began_{}, cpu_time_before_{};
};

}  // namespace tlbstorm::benches
