// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/lack_of_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "harness/stats/rank_tests.hpp"
#include "harness/stats/students_t.hpp"

namespace tlbstorm::stats {
namespace {

constexpr double kNotTested = std::numeric_limits<double>::quiet_NaN();

/// How many ways there are to choose `k` of `n`.
double choose(std::size_t n, std::size_t k) {
  if (k > n) return 0;
  double ways = 1;
  for (std::size_t i = 1; i <= k; ++i) ways *= static_cast<double>(n - k + i) / static_cast<double>(i);
  return ways;
}

/// Ways to arrange so many of either sign in so many runs of equal signs.
double arrangements(std::size_t ups, std::size_t downs, std::size_t runs) {
  const std::size_t half = runs / 2;
  if (runs % 2 == 0) return 2 * choose(ups - 1, half - 1) * choose(downs - 1, half - 1);
  return choose(ups - 1, half) * choose(downs - 1, half - 1) +
         choose(ups - 1, half - 1) * choose(downs - 1, half);
}

/// A column more, of a term bent in one of the ways that costs bend: a parabola, a saturation, a corner.
template <typename Bend>
Rows with_bent(const Rows& x, std::size_t term, Bend bend) {
  Rows more = x;
  for (std::vector<double>& row : more) row.push_back(bend(row[term]));
  return more;
}

std::vector<Rows> with_each_bend(const Rows& x, std::size_t term) {
  std::vector<double> places;
  for (const std::vector<double>& row : x) places.push_back(row[term]);
  const double middle = median(places);
  std::vector<Rows> all{with_bent(x, term, [&](double at) { return (at - middle) * (at - middle); }),
                        with_bent(x, term, [&](double at) { return std::abs(at - middle); })};
  if (std::ranges::min(places) > 0) all.push_back(with_bent(x, term, [](double at) { return std::log(at); }));
  return all;
}

/// Of the last column's coefficient; NaN where there are too few points for it.
double p_of_last(const Rows& x, Values y) {
  if (x.size() < points_needed(x.front().size()) || !dependent_terms(x).empty()) return kNotTested;
  const LinearFit fit(x, y);
  const Estimate& last = fit.slopes().back();
  if (last.error == 0) return last.value == 0 ? 1 : 0;
  return 2 * students_t_above(std::abs(last.value / last.error), static_cast<double>(fit.degrees()));
}

}  // namespace

double p_of_curvature(const Rows& x, Values y) {
  std::vector<double> all;
  for (std::size_t term = 0; term < x.front().size(); ++term)
    for (const Rows& bent : with_each_bend(x, term))
      if (const double p = p_of_last(bent, y); !std::isnan(p)) all.push_back(p);
  const std::vector<double> corrected = holm(all);
  return corrected.empty() ? kNotTested : *std::ranges::min_element(corrected);
}

double p_of_few_sign_runs(std::span<const double> residuals) {
  std::size_t ups = 0, downs = 0, runs = 0;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    const bool up = residuals[i] > 0;
    up ? ++ups : ++downs;
    if (i == 0 || up != (residuals[i - 1] > 0)) ++runs;
  }
  if (ups == 0 || downs == 0) return 1;
  double as_few = 0;
  for (std::size_t few = 2; few <= runs; ++few) as_few += arrangements(ups, downs, few);
  return as_few / choose(ups + downs, ups);
}

double p_of_lack_of_fit(const LinearFit& fit, const Rows& x, Values y) {
  std::map<std::vector<double>, std::vector<double>> places;
  for (std::size_t i = 0; i < x.size(); ++i) places[x[i]].push_back(y[i]);
  double pure = 0;
  for (const auto& [place, values] : places) {
    const double mean =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    for (const double value : values) pure += (value - mean) * (value - mean);
  }
  const std::size_t terms = x.front().size();
  if (places.size() == x.size() || places.size() <= terms + 1) return kNotTested;
  const auto of_places = static_cast<double>(places.size() - terms - 1),
             of_points = static_cast<double>(x.size() - places.size());
  if (pure == 0) return fit.squares() > 0 ? 0 : 1;
  return variance_ratio_above(std::max(0.0, fit.squares() - pure) / of_places / (pure / of_points), of_places,
                              of_points);
}

std::string misfit(const LinearFit& fit, const Rows& x, Values y) {
  constexpr double kSurely = 0.01, kSmall = 0.02;
  const auto [low, high] = std::ranges::minmax(y);
  if (fit.rms() <= kSmall * (high - low)) return "";
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return x[i]; });
  std::vector<double> residuals;
  for (const std::size_t i : order) residuals.push_back(fit.residuals()[i]);
  // Each of the three at a third of the level. NaN compares false.
  if (const double p = p_of_curvature(x, y); p < kSurely / 3)
    return fmt::format("the points bend, p = {:.2g}", p);
  if (const double p = p_of_lack_of_fit(fit, x, y); p < kSurely / 3)
    return fmt::format("runs at one place lie closer together than to it, p = {:.2g}", p);
  const double p = p_of_few_sign_runs(residuals);
  return x.front().size() == 1 && p < kSurely / 3
             ? fmt::format("the points lie on one side of it for long, p = {:.2g}", p)
             : "";
}

}  // namespace tlbstorm::stats
