// SPDX-License-Identifier: Apache-2.0
// The terms and the values are centred first: the constant then follows from the slopes, and what is left is
// far better conditioned. The centred terms are brought to a triangle R by Householder's reflections (Golub
// and Van Loan, "Matrix Computations", 4th edition, 2013, section 5.2); the normal equations, which would
// square the condition, are never formed.
#include "harness/stats/least_squares.hpp"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "harness/os/error.hpp"

namespace tlbstorm::stats {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
using Column = std::vector<double>;

double dot(const Column& a, const Column& b, std::size_t from = 0) {
  return std::inner_product(a.begin() + static_cast<std::ptrdiff_t>(from), a.end(),
                            b.begin() + static_cast<std::ptrdiff_t>(from), 0.0);
}
double norm(const Column& a, std::size_t from = 0) { return std::sqrt(dot(a, a, from)); }

/// Of equal values it is that value to the last bit, so that a term that doesn't vary is seen for what it is.
double mean(Values values) {
  double offset = 0;
  for (const double value : values) offset += (value - values[0]) / static_cast<double>(values.size());
  return values[0] + offset;
}

Column column(const Rows& rows, std::size_t term) {
  Column values;
  for (const std::vector<double>& row : rows) values.push_back(row[term]);
  return values;
}

Column centred(Column values, double middle) {
  for (double& value : values) value -= middle;
  return values;
}

std::vector<Column> centred_terms(const Rows& x) {
  std::vector<Column> columns;
  for (std::size_t term = 0; term < x.front().size(); ++term) {
    Column values = column(x, term);
    const double middle = mean(values);
    columns.push_back(centred(std::move(values), middle));
  }
  return columns;
}

bool squarable(Values values) {
  constexpr double kMost = 1e140;  // leaves room for sums
  return std::all_of(values.begin(), values.end(), [](double value) { return std::abs(value) < kMost; });
}

/// Reflects the columns, and the values with them, onto the first axes, one after the other: on return
/// columns[j][i] is R's entry of row i <= j. `values` may be empty.
void triangularise(std::vector<Column>& columns, Column& values) {
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const double length = norm(columns[k], k);
    if (length == 0) continue;
    Column v(columns[k].size(), 0.0);  // the reflection's axis, by which the k-th column comes to lie on e_k
    std::copy(columns[k].begin() + static_cast<std::ptrdiff_t>(k), columns[k].end(),
              v.begin() + static_cast<std::ptrdiff_t>(k));
    v[k] += std::copysign(length, v[k]);  // that sign, so that nothing cancels
    const double half = dot(v, v, k) / 2;
    const auto reflect = [&](Column& column) {
      const double along = dot(v, column, k) / half;
      for (std::size_t i = k; i < column.size(); ++i) column[i] -= along * v[i];
    };
    for (std::size_t j = k; j < columns.size(); ++j) reflect(columns[j]);
    if (!values.empty()) reflect(values);
  }
}

/// R c = right, for the leading `size` rows and columns.
Column solve(const std::vector<Column>& triangle, Column right, std::size_t size) {
  right.resize(size);
  for (std::size_t i = size; i-- > 0;) {
    for (std::size_t j = i + 1; j < size; ++j) right[i] -= triangle[j][i] * right[j];
    right[i] /= triangle[i][i];
  }
  return right;
}

}  // namespace

std::vector<std::size_t> dependent_terms(const Rows& x) {
  if (!std::all_of(x.begin(), x.end(), &squarable)) return {};  // LinearFit says so
  constexpr double kLeft = 1e-7, kRounding = 1e-13;
  std::vector<Column> columns = centred_terms(x);
  for (std::size_t term = 0; term < columns.size(); ++term) {
    const double length = norm(columns[term]);
    if (length <= kRounding * norm(column(x, term))) return {term};
    for (double& value : columns[term]) value /= length;
  }
  Column none;
  triangularise(columns, none);
  for (std::size_t term = 1; term < columns.size(); ++term) {
    if (x.size() > term && std::abs(columns[term][term]) > kLeft) continue;
    std::vector<std::size_t> dependent;
    const Column shares = solve(columns, columns[term], std::min(term, x.size()));
    for (std::size_t other = 0; other < shares.size(); ++other)
      if (std::abs(shares[other]) > kLeft) dependent.push_back(other);
    dependent.push_back(term);
    return dependent;
  }
  return {};
}

LinearFit::LinearFit(const Rows& x, Values y, double confidence) : confidence_(confidence) {
  const std::size_t terms = x.empty() ? 0 : x.front().size();
  if (!std::all_of(x.begin(), x.end(), &squarable) || !squarable(y))
    throw os::Error("values out of range for a fit: their squares are beyond what a double holds");
  if (terms == 0 || x.size() != y.size() || x.size() < points_needed(terms) || !dependent_terms(x).empty())
    throw os::Error("too few points, or terms that say the same, for a line");
  for (std::size_t term = 0; term < terms; ++term) means_.push_back(mean(column(x, term)));
  const double middle = mean(y);
  Column values = centred({y.begin(), y.end()}, middle);
  const double whole = dot(values, values);
  triangle_ = centred_terms(x);
  triangularise(triangle_, values);
  const Column slopes = solve(triangle_, values, terms);
  constant_.value = middle - dot(slopes, means_);
  for (const double slope : slopes) slopes_.push_back({slope, 0, {}});

  for (std::size_t i = 0; i < x.size(); ++i) {
    residuals_.push_back(y[i] - at(x[i]));
    largest_leverage_ = std::max(largest_leverage_, leverage(x[i]));
    largest_value_ = std::max(largest_value_, std::abs(y[i]));
  }
  squares_ = dot(residuals_, residuals_);
  r_squared_ = whole > 0 ? 1 - squares_ / whole : kNone;
  constant_.error = deviation() * std::sqrt(leverage(Column(terms, 0.0)));
  constant_.interval = around(constant_.value, constant_.error);
  for (std::size_t term = 0; term < terms; ++term) {
    Column unit(terms, 0.0);
    unit[term] = 1;
    slopes_[term].error = deviation() * norm(solve_transposed(unit));
    slopes_[term].interval = around(slopes_[term].value, slopes_[term].error);
  }
}

/// R' z = right. The variance of d' slopes is that of the points times |z|^2 for right = d.
std::vector<double> LinearFit::solve_transposed(std::vector<double> right) const {
  for (std::size_t i = 0; i < right.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) right[i] -= triangle_[i][j] * right[j];
    right[i] /= triangle_[i][i];
  }
  return right;
}

double LinearFit::leverage(std::span<const double> x) const {
  Column away(x.begin(), x.end());
  for (std::size_t term = 0; term < away.size(); ++term) away[term] -= means_[term];
  const Column z = solve_transposed(std::move(away));
  return 1 / static_cast<double>(triangle_.front().size()) + dot(z, z);
}

double LinearFit::at(std::span<const double> x) const {
  double value = constant_.value;
  for (std::size_t term = 0; term < slopes_.size(); ++term) value += slopes_[term].value * x[term];
  return value;
}

Interval LinearFit::around(double value, double error) const {
  const boost::math::students_t student(static_cast<double>(degrees()));
  const double width = error * boost::math::quantile(student, 0.5 + confidence_ / 2);
  return {value - width, value + width};
}

Prediction LinearFit::predict(std::span<const double> x) const {
  const double value = at(x), h = leverage(x);
  return {value, around(value, deviation() * std::sqrt(h)), around(value, deviation() * std::sqrt(1 + h))};
}

double LinearFit::rms() const { return std::sqrt(squares_ / static_cast<double>(points())); }
double LinearFit::deviation() const { return std::sqrt(squares_ / static_cast<double>(degrees())); }

Scatter scatter(const LinearFit& fit, std::span<const std::size_t> run_of) {
  std::vector<std::vector<double>> runs;
  for (std::size_t i = 0; i < run_of.size(); ++i) {
    runs.resize(std::max(runs.size(), run_of[i] + 1));
    runs[run_of[i]].push_back(fit.residuals()[i]);
  }
  std::erase_if(runs, [](const std::vector<double>& run) { return run.empty(); });
  double between = 0, within = 0;
  for (const std::vector<double>& run : runs) {
    const double middle = mean(run);
    between += static_cast<double>(run.size()) * middle * middle;
    for (const double residual : run) within += (residual - middle) * (residual - middle);
  }
  const std::size_t lines = fit.slopes().size() + 1;
  if (runs.size() <= lines || run_of.size() <= runs.size()) return {kNone, kNone, kNone, kNone};
  const auto of_runs = static_cast<double>(runs.size() - lines),
             of_points = static_cast<double>(run_of.size() - runs.size());
  Scatter found{std::sqrt(between / of_runs), std::sqrt(within / of_points), 0, 1};
  constexpr double kRounding = 1e-12;
  if (found.between <= kRounding * fit.largest_value()) return found;
  found.f = within > 0 ? between / of_runs / (within / of_points) : std::numeric_limits<double>::infinity();
  found.p =
      std::isinf(found.f)
          ? 0
          : boost::math::cdf(boost::math::complement(boost::math::fisher_f(of_runs, of_points), found.f));
  return found;
}

}  // namespace tlbstorm::stats
