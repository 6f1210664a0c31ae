// SPDX-License-Identifier: Apache-2.0
// Which pages a worker visits, in which order: chosen in batches, so that the choosing is in no measured
// time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "workloads/random.hpp"

namespace tlbstorm::workloads {

/// A run of pages: all of a mapping, or a worker's part of it.
struct PageRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// The part of `pages` that worker `index` of `workers` has: together they have all, each as many but for
/// one.
PageRange part_of(std::uint64_t pages, int index, int workers);

/// What --access can be, as choices of a parameter.
inline constexpr const char* kSequential = "sequential";
inline constexpr const char* kUniform = "uniform";

/// Throws os::UsageError naming `option` when `access` can't be read: "uniform" (also "random"),
/// "sequential", "zipf:THETA", "normal:SIGMA" (as a share of the range, around its middle), "stride:PAGES".
void check_access(const std::string& option, const std::string& access);

class PageQueue {
 public:
  struct Visit {
    std::uint64_t page;
    bool write;
  };

  /// `write_ratio` of the visits write. The same seed gives the same visits on every machine.
  PageQueue(const std::string& access, PageRange range, double write_ratio, std::uint64_t seed);

  bool empty() const { return next_ == kBatch; }
  /// Chooses the next batch. Allocates nothing.
  void refill();
  Visit next() { return batch_[next_++]; }

 private:
  static constexpr std::size_t kBatch = 512;
  std::function<std::uint64_t(Random&)> choose_;  ///< offset in the range
  PageRange range_;
  double write_ratio_;
  Random random_;
  std::array<Visit, kBatch> batch_{};
  std::size_t next_ = kBatch;
};

}  // namespace tlbstorm::workloads
