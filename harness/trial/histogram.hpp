// SPDX-License-Identifier: Apache-2.0
// A log-linear latency histogram of fixed size that lives in shared memory. One writer, any reader.
//
// Buckets: 1 ns wide below 128 ns, then 64 a power of two, so a bucket is at most 1/64 of its value wide and
// a value within it is known to 1.6%. Range: up to 2^38 ns (275 s); what is longer counts in the last bucket.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "harness/os/units.hpp"
#include "harness/trial/own_count.hpp"

namespace tlbstorm::trial {

class Histogram {
 public:
  static constexpr unsigned kSubBits = 6;
  static constexpr unsigned kTopBit = 38;
  static constexpr std::size_t kBuckets = (std::size_t{kTopBit - kSubBits} + 1) << kSubBits;

  static constexpr std::size_t bucket(std::uint64_t ns) {
    if (ns < (std::uint64_t{2} << kSubBits)) return static_cast<std::size_t>(ns);
    const unsigned top = static_cast<unsigned>(std::bit_width(ns)) - 1;
    if (top >= kTopBit) return kBuckets - 1;
    const unsigned shift = top - kSubBits;
    return (std::size_t{shift} << kSubBits) + static_cast<std::size_t>(ns >> shift);
  }
  /// The smallest value of a bucket.
  static constexpr std::uint64_t lower(std::size_t index) {
    if (index < (std::size_t{2} << kSubBits)) return index;
    const unsigned shift = static_cast<unsigned>(index >> kSubBits) - 1;
    return ((std::uint64_t{1} << kSubBits) + (index & ((std::size_t{1} << kSubBits) - 1))) << shift;
  }
  static constexpr std::uint64_t upper(std::size_t index) { return lower(index + 1); }

  void record(os::Nanoseconds time) {
    const auto ns = static_cast<std::uint64_t>(time.count() < 0 ? 0 : time.count());
    add_own(counts_[bucket(ns)], 1);
    if (ns > max_.load(std::memory_order_relaxed)) max_.store(ns, std::memory_order_relaxed);
  }
  /// No value in a bucket is as large: where the longest lies, one more than that.
  std::uint64_t end(std::size_t index) const { return index == bucket(max()) ? max() + 1 : upper(index); }
  std::uint64_t count(std::size_t index) const { return counts_[index].load(std::memory_order_relaxed); }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& n : counts_) sum += n.load(std::memory_order_relaxed);
    return sum;
  }
  std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }

  /// Adds another histogram's counts to this one.
  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) add_own(counts_[i], other.count(i));
    if (other.max() > max()) max_.store(other.max(), std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace tlbstorm::trial
