// SPDX-License-Identifier: Apache-2.0
// The median of a table that is never written down: its values rise, or stay, along each row and down each
// column, as sums of two sorted lists do. Each pass halves what is left in one walk along the border between
// values below and above a pivot, so that the median of n^2 pairs takes about n log n steps: after Monahan,
// "Algorithm 616: Fast Computation of the Hodges-Lehmann Location Estimator", 1984.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace tlbstorm::stats {

/// `at(row, column)` gives a value; row i holds the columns from `first(i)` on.
template <typename At, typename First>
class RisingTable {
 public:
  RisingTable(std::size_t rows, std::size_t columns, At at, First first)
      : columns_(columns),
        at_(at),
        first_(first),
        low_(rows),
        high_(rows, columns),
        below_(rows),
        up_to_(rows) {
    for (std::size_t i = 0; i < rows; ++i) low_[i] = first_(i);
  }

  /// The table has to hold a value.
  double median() {
    const std::size_t all = left();
    const std::size_t lower = (all - 1) / 2, upper = all / 2;
    for (;;) {
      const double pivot = any();
      const std::size_t below = split(pivot, below_, std::less<>{});
      if (upper < below) {
        high_ = below_;
        continue;
      }
      const std::size_t up_to = split(pivot, up_to_, std::less_equal<>{});
      if (lower < up_to)
        return middle(lower < below ? largest_below() : pivot, upper < up_to ? pivot : smallest_above());
      low_ = up_to_;
    }
  }

 private:
  std::size_t left() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < low_.size(); ++i) count += high_[i] - low_[i];
    return count;
  }

  /// One of the values that may still be the median, each as likely as the others.
  double any() {
    std::size_t nth = random_() % left(), row = 0;
    for (; nth >= high_[row] - low_[row]; ++row) nth -= high_[row] - low_[row];
    return at_(row, low_[row] + nth);
  }

  /// Where each row stops to be `before` the pivot, which lies among what is left; returns how many values
  /// are.
  template <typename Before>
  std::size_t split(double pivot, std::vector<std::size_t>& ends, const Before& before) const {
    std::size_t count = 0, column = columns_;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      column = std::min(column, high_[i]);
      while (column > low_[i] && !before(at_(i, column - 1), pivot)) --column;
      ends[i] = std::max(column, low_[i]);
      count += ends[i] - first_(i);
    }
    return count;
  }

  static double middle(double lower, double upper) { return lower == upper ? lower : (lower + upper) / 2; }

  double largest_below() const {
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < below_.size(); ++i)
      if (below_[i] > first_(i)) largest = std::max(largest, at_(i, below_[i] - 1));
    return largest;
  }

  double smallest_above() const {
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < up_to_.size(); ++i)
      if (up_to_[i] < columns_) smallest = std::min(smallest, at_(i, up_to_[i]));
    return smallest;
  }

  std::size_t columns_;
  At at_;
  First first_;
  std::vector<std::size_t> low_, high_;  ///< of each row, the columns that may still hold the median
  std::vector<std::size_t> below_,
      up_to_;                ///< of each row, where values stop to be below, or at most, the pivot
  std::minstd_rand random_;  ///< its seed is fixed
};

}  // namespace tlbstorm::stats
