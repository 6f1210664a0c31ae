// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/sample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tlbstorm::stats {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double coefficient_of_variation(Values values, double mean) {
  if (values.size() < 2 || mean == 0) return kNone;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1)) / std::abs(mean);
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return kNone;
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double part = at - static_cast<double>(below);
  if (part == 0 || values[below] == values[below + 1]) return values[below];  // infinite ones too
  return values[below] + part * (values[below + 1] - values[below]);
}

double median(Values values) { return quantile({values.begin(), values.end()}, 0.5); }

std::vector<std::size_t> outliers(Values values) {
  constexpr double kFar = 3.5;
  constexpr double kNormal = 0.6745;  // the median distance of a normal distribution, in standard deviations
  const double middle = median(values);
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - middle));
  const double typical = median(distances);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (typical > 0 && kNormal * distances[i] / typical > kFar) found.push_back(i);
  return found;
}

Description describe(Values values) {
  Description what{values.size(), kNone, kNone, kNone, kNone, kNone, {}};
  if (values.empty()) return what;
  what.median = median(values);
  what.mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  what.min = *std::min_element(values.begin(), values.end());
  what.max = *std::max_element(values.begin(), values.end());
  what.cv = coefficient_of_variation(values, what.mean);
  what.outliers = outliers(values);
  return what;
}

}  // namespace tlbstorm::stats
