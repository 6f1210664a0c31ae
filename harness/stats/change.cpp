// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/change.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

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

std::vector<double> draw(Values values, std::mt19937_64& random) {
  std::vector<double> drawn(values.size());
  // 32 random bits as a fraction: a division by the size for each would cost as much as the rest.
  for (double& value : drawn) value = values[(random() >> 32) * values.size() >> 32];
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
  for (std::size_t i = 0; i < n; ++i) values[i] = statistic_without(i);
  // From the first on, so that equal values leave exactly nothing: the acceleration of rounding errors alone
  // isn't small.
  const double first = values.front();
  double mean = 0;
  for (double& value : values) mean += (value -= first) / static_cast<double>(n);
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

Interval corrected(std::vector<double> replicates, double statistic, double a, double confidence) {
  if (!all_of(replicates, finite)) return {kNone, kNone};
  std::sort(replicates.begin(), replicates.end());
  const double z0 = bias(replicates, statistic);
  const boost::math::normal normal;
  const auto end = [&](double q) {
    const double z = z0 + boost::math::quantile(normal, q);
    // Past the pole of this formula there is only the outermost replicate.
    const double share = a * z < 1 ? boost::math::cdf(normal, z0 + z / (1 - a * z)) : z > 0 ? 1 : 0;
    const double at = share * static_cast<double>(replicates.size() + 1) - 1;
    return replicates[static_cast<std::size_t>(
        std::lround(std::clamp(at, 0.0, static_cast<double>(replicates.size() - 1))))];
  };
  return {end((1 - confidence) / 2), end((1 + confidence) / 2)};
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

Interval bca_interval(Values base, Values next, const Statistic& statistic, const Resampling& how) {
  const double whole = statistic(base, next);
  if (base.size() < 2 || next.size() < 2 || !std::isfinite(whole)) return {kNone, kNone};
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
  return corrected(std::move(replicates), whole, acceleration(influence), how.confidence);
}

Interval bca_interval(Values values, const std::function<double(Values)>& statistic, const Resampling& how) {
  const double whole = statistic(values);
  if (values.size() < 2 || !std::isfinite(whole)) return {kNone, kNone};
  std::mt19937_64 random(how.seed);
  std::vector<double> replicates(how.replicates);
  for (double& value : replicates) value = statistic(draw(values, random));
  const auto influence =
      influences(values.size(), [&](std::size_t i) { return statistic(without(values, i)); });
  return corrected(std::move(replicates), whole, acceleration(influence), how.confidence);
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
