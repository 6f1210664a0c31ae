// SPDX-License-Identifier: Apache-2.0
// Other CPUs that run this process's memory: what a flush has to interrupt.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

namespace tlbstorm::benches {

/// Threads on CPUs of their own that read memory over and over until this is destroyed. They never sleep: a
/// CPU that sleeps is in lazy TLB mode and gets no interrupt (arch/x86/mm/tlb.c: should_flush_tlb). The
/// calling thread is pinned to the first CPU of the placement meanwhile.
class Sharers {
 public:
  /// `placement` as the harness has it: "compact", "scatter", ... (trial::place). They read `watched`, so
  /// that they hold its translations; nothing, if it is going to be unmapped: then a page of their own, which
  /// keeps them in the mm. Returns when all of them run. Throws os::UsageError for more CPUs than there are.
  Sharers(int count, std::string_view placement, std::span<const std::byte> watched = {});
  Sharers(const Sharers&) = delete;
  Sharers& operator=(const Sharers&) = delete;
  ~Sharers();

  /// Whether the machine has CPUs for so many beside the caller's.
  static bool fit(int count);

 private:
  cpu_set_t before_{};
  std::atomic<bool> stop_{false};
  std::atomic<int> running_{0};
  std::vector<std::jthread> threads_;
};

}  // namespace tlbstorm::benches
