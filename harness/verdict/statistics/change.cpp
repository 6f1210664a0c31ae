// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/statistics/change.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <random>

namespace tlbstorm::verdict {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The median, for values that may be reordered.
double median_of(std::vector<double>& values) {
  if (values.empty()) return kNone;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::vector<double> draw(Values values, std::mt19937_64& random) {
  std::vector<double> drawn(values.size());
  for (double& value : drawn) value = values[random() % values.size()];
  return drawn;
}

std::vector<double> without(Values values, std::size_t left_out) {
  std::vector<double> rest(values.begin(), values.end());
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
  return rest;
}

/// What each value of a sample moves the statistic by, from leaving it out.
template <typename Leave>
std::vector<double> influences(std::size_t n, const Leave& statistic_without) {
  std::vector<double> values(n);
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += (values[i] = statistic_without(i)) / static_cast<double>(n);
  // (n - 1) (mean - value), over n as in the sums of the acceleration.
  for (double& value : values) value = static_cast<double>(n - 1) * (mean - value) / static_cast<double>(n);
  return values;
}

double acceleration(const std::vector<double>& influence) {
  double squares = 0, cubes = 0;
  for (const double u : influence) {
    squares += u * u;
    cubes += u * u * u;
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

/// The share of replicates below the statistic, as a normal deviate: half of those that equal it count.
double bias(const std::vector<double>& replicates, double statistic) {
  double below = 0;
  for (const double value : replicates) below += value < statistic ? 1 : value == statistic ? 0.5 : 0;
  const auto n = static_cast<double>(replicates.size());
  return boost::math::quantile(boost::math::normal{}, std::clamp(below / n, 0.5 / n, 1 - 0.5 / n));
}

Interval corrected(std::vector<double> replicates, double statistic, double a, double level) {
  std::sort(replicates.begin(), replicates.end());
  const double z0 = bias(replicates, statistic);
  const boost::math::normal normal;
  const auto end = [&](double q) {
    const double z = z0 + boost::math::quantile(normal, q);
    const double share = boost::math::cdf(normal, z0 + z / (1 - a * z));
    const double at = share * static_cast<double>(replicates.size() + 1) - 1;
    const auto index =
        static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(replicates.size() - 1)) + 0.5);
    return replicates[std::min(index, replicates.size() - 1)];
  };
  return {end((1 - level) / 2), end((1 + level) / 2)};
}

}  // namespace

double shift(Values base, Values next) {
  std::vector<double> differences;
  differences.reserve(base.size() * next.size());
  for (const double b : base)
    for (const double n : next) differences.push_back(n - b);
  return median_of(differences);
}

double ratio(Values base, Values next) {
  std::vector<double> quotients;
  quotients.reserve(base.size() * next.size());
  for (const double b : base)
    for (const double n : next) {
      if (!(b > 0 && n > 0)) return kNone;
      quotients.push_back(n / b);
    }
  return median_of(quotients);
}

double paired_shift(Values differences) {
  std::vector<double> means;
  means.reserve(differences.size() * (differences.size() + 1) / 2);
  for (std::size_t i = 0; i < differences.size(); ++i)
    for (std::size_t j = i; j < differences.size(); ++j)
      means.push_back((differences[i] + differences[j]) / 2);
  return median_of(means);
}

Interval bca_interval(Values base, Values next, const Statistic& statistic, const Resampling& how) {
  const double whole = statistic(base, next);
  if (base.size() < 2 || next.size() < 2 || std::isnan(whole)) return {kNone, kNone};
  std::mt19937_64 random(how.seed);
  std::vector<double> replicates(how.replicates);
  for (double& value : replicates) {
    const auto drawn_base = draw(base, random), drawn_next = draw(next, random);
    value = statistic(drawn_base, drawn_next);
  }
  auto influence = influences(base.size(), [&](std::size_t i) { return statistic(without(base, i), next); });
  const auto of_next =
      influences(next.size(), [&](std::size_t i) { return statistic(base, without(next, i)); });
  influence.insert(influence.end(), of_next.begin(), of_next.end());
  return corrected(std::move(replicates), whole, acceleration(influence), how.level);
}

Interval bca_interval(Values values, const std::function<double(Values)>& statistic, const Resampling& how) {
  const double whole = statistic(values);
  if (values.size() < 2 || std::isnan(whole)) return {kNone, kNone};
  std::mt19937_64 random(how.seed);
  std::vector<double> replicates(how.replicates);
  for (double& value : replicates) value = statistic(draw(values, random));
  const auto influence =
      influences(values.size(), [&](std::size_t i) { return statistic(without(values, i)); });
  return corrected(std::move(replicates), whole, acceleration(influence), how.level);
}

}  // namespace tlbstorm::verdict
