// SPDX-License-Identifier: Apache-2.0
// What a stretch of code costs in TLB shootdowns, for those that count around their own loop and need no run:
// the TLB row of /proc/interrupts over all CPUs, with other programs' shootdowns in it, and the flushes that
// the calling thread sends, where it may count the kernel's tracepoint.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/os/perf_event.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

/// Counts from start() to stop(), added up over all such stretches; one that is started anew does not count.
/// Neither allocates; each costs a read of /proc/interrupts (tens of microseconds), so a stretch should be
/// long beside that. For one thread, which makes it, too.
class Shootdowns {
 public:
  /// A tracepoint that is counted slows down every flush there is, so who does not ask for sent() leaves it.
  enum class What { received, received_and_sent };
  explicit Shootdowns(What what = What::received_and_sent);

  void start() noexcept;
  void stop() noexcept;
  /// Takes the last stretch back, once: it is not to count after all.
  void drop() noexcept;

  /// Flush handlers that ran on a CPU for another's sake; nothing where they can't be counted.
  std::optional<double> received() const { return received_.grown; }
  /// Flushes that this thread sent to other CPUs, one however many of them there were; nothing without the
  /// right to trace.
  std::optional<double> sent() const { return sent_.grown; }
  /// Why a figure is absent, and what would give it; empty when both are there.
  const std::vector<Unavailable>& absent() const { return absent_; }

 private:
  /// Nothing from the first time on that it could not be read: a sum without that is another figure.
  struct Count {
    std::optional<double> before, grown;
    double last = 0;
    void stop(std::optional<double> now) {
      last = now && before ? *now - *before : 0;
      grown = now && before && grown ? std::optional(*grown + last) : std::nullopt;
    }
    void drop() {
      if (grown) *grown -= last;
      last = 0;
    }
  };
  void open_interrupts();
  void open_flushes();
  std::optional<double> read_received() noexcept;
  std::optional<double> read_sent() noexcept;

  std::vector<Unavailable> absent_;
  std::unique_ptr<Probe> interrupts_;
  std::vector<double> row_;  ///< of interrupts_
  std::size_t tlb_ = 0;      ///< its column for all CPUs
  std::optional<os::CounterGroup> flushes_;
  Count received_, sent_;
};

}  // namespace tlbstorm::probe
