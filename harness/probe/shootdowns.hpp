// SPDX-License-Identifier: Apache-2.0
// What a stretch of code costs in TLB shootdowns, for those that count around their own loop and need no run:
// the TLB row of /proc/interrupts over all CPUs, and the flushes sent, where the kernel's tracepoint may be
// counted. Other programs' shootdowns are in it, too.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

/// Counts from start() to stop(), added up over all such stretches; one that is started anew does not count.
/// Neither allocates; each costs a sample of two probes (tens of microseconds), so a stretch should be long
/// beside that.
class Shootdowns {
 public:
  /// `all`, or without the flushes sent: counting those costs a storm of flushes a tenth of its rate.
  enum class Of { received, all };
  explicit Shootdowns(Of what = Of::all);

  void start() noexcept;
  void stop() noexcept;

  /// Flush handlers that ran on a CPU for another's sake; nothing where they can't be counted.
  std::optional<double> received() const { return received_.grown(); }
  /// Flushes sent to other CPUs, one however many of them there were; nothing without the right to trace.
  std::optional<double> sent() const { return sent_.grown(); }
  /// Why a figure is absent, and what would give it; empty when both are there.
  const std::vector<Unavailable>& absent() const { return absent_; }

 private:
  /// One column of one probe.
  class Count {
   public:
    Count() = default;
    Count(std::unique_ptr<Probe> probe, std::size_t column)
        : probe_(std::move(probe)), column_(column), row_(probe_->columns().size()) {}
    void start() noexcept { before_ = read(); }
    void stop() noexcept { grown_ += read() - before_; }
    std::optional<double> grown() const { return probe_ ? std::optional(grown_) : std::nullopt; }

   private:
    double read() noexcept {
      if (!probe_) return 0;
      probe_->read(row_);
      return row_[column_];
    }
    std::unique_ptr<Probe> probe_;
    std::size_t column_ = 0;
    std::vector<double> row_;
    double before_ = 0, grown_ = 0;
  };
  Count open(std::string_view source, std::string_view column);

  std::vector<Unavailable> absent_;
  Count received_, sent_;
};

}  // namespace tlbstorm::probe
