// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/change.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "harness/stats/rank_tests.hpp"
#include "harness/stats/rising_table.hpp"

namespace tlbstorm::stats {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool finite(double value) { return std::isfinite(value); }
bool quotable(double value) { return std::isfinite(value) && value > 0; }
bool all_of(Values values, bool (*what)(double)) { return std::all_of(values.begin(), values.end(), what); }

/// The median over all pairs of `of`, which falls as its first argument rises and rises with its second.
template <typename Of>
double median_of_pairs(Values base, Values next, const Of& of) {
  if (base.empty() || next.empty()) return kNone;
  std::vector<double> falling(base.begin(), base.end()), rising(next.begin(), next.end());
  std::sort(falling.begin(), falling.end(), std::greater<>{});
  std::sort(rising.begin(), rising.end());
  const auto at = [&](std::size_t i, std::size_t j) { return of(falling[i], rising[j]); };
  return RisingTable(base.size(), next.size(), at, [](std::size_t) { return std::size_t{0}; }).median();
}

}  // namespace

double shift(Values base, Values next) {
  if (!all_of(base, finite) || !all_of(next, finite)) return kNone;
  return median_of_pairs(base, next, [](double b, double n) { return n - b; });
}

double ratio(Values base, Values next) {
  if (!all_of(base, quotable) || !all_of(next, quotable)) return kNone;
  return median_of_pairs(base, next, [](double b, double n) { return n / b; });
}

double paired_shift(Values differences) {
  const std::size_t n = differences.size();
  if (n == 0 || !all_of(differences, finite)) return kNone;
  std::vector<double> sorted(differences.begin(), differences.end());
  std::sort(sorted.begin(), sorted.end());
  const auto mean = [&](std::size_t i, std::size_t j) { return (sorted[i] + sorted[j]) / 2; };
  return RisingTable(n, n, mean, [](std::size_t i) { return i; }).median();
}

Interval signed_rank_interval(Values differences, double alpha) {
  const std::size_t left_out = means_left_out(differences.size(), alpha);
  if (left_out == 0) return {kNone, kNone};
  std::vector<double> means;
  for (std::size_t i = 0; i < differences.size(); ++i)
    for (std::size_t j = i; j < differences.size(); ++j)
      means.push_back((differences[i] + differences[j]) / 2);
  std::sort(means.begin(), means.end());
  return {means[left_out - 1], means[means.size() - left_out]};
}

namespace {

/// Of all that `pair` makes of a value of either side, those that the test doesn't refuse.
template <typename Pair>
Interval inverted(Values base, Values next, double alpha, const Pair& pair) {
  const std::size_t left_out =
      base.empty() || next.empty() ? 0 : differences_left_out(base.size(), next.size(), alpha);
  if (left_out == 0) return {kNone, kNone};
  std::vector<double> all;
  all.reserve(base.size() * next.size());
  for (const double b : base)
    for (const double n : next) all.push_back(pair(b, n));
  std::sort(all.begin(), all.end());
  return {all[left_out - 1], all[all.size() - left_out]};
}

}  // namespace

Interval mann_whitney_interval(Values base, Values next, double alpha) {
  if (!all_of(base, quotable) || !all_of(next, quotable)) return {kNone, kNone};
  return inverted(base, next, alpha, [](double b, double n) { return n / b; });
}

Interval mann_whitney_shift_interval(Values base, Values next, double alpha) {
  if (!all_of(base, finite) || !all_of(next, finite)) return {kNone, kNone};
  return inverted(base, next, alpha, [](double b, double n) { return n - b; });
}

}  // namespace tlbstorm::stats
