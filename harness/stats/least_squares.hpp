// SPDX-License-Identifier: Apache-2.0
// A line through points, y = a + b x, or a plane, y = a + b x1 + c x2: ordinary least squares, with what it
// is worth. Draper and Smith, "Applied Regression Analysis", 3rd edition, 1998, chapters 1, 5 and 6.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "harness/stats/change.hpp"
#include "harness/stats/sample.hpp"

namespace tlbstorm::stats {

/// The terms' values at each point, in the order of the terms; at least one point.
using Rows = std::vector<std::vector<double>>;

/// The terms that say nothing of their own: one that doesn't vary, alone; else one that is a sum of others,
/// with those. Empty when every term does. A term counts as such a sum when less than 1e-7 of it is left, as
/// in R's lm().
std::vector<std::size_t> dependent_terms(const Rows& x);

/// How many points at different places a fit of so many terms needs, so that one is left to judge it by.
constexpr std::size_t points_needed(std::size_t terms) { return terms + 2; }

/// A coefficient, its standard error, and Student's interval around it.
struct Estimate {
  double value = 0, error = 0;
  Interval interval;
};

/// What is expected at a place: of the mean there, and of one more point.
struct Prediction {
  double value = 0;
  Interval mean, point;
};

class LinearFit {
 public:
  /// As many rows as values, more than terms + 1, of terms that dependent_terms() finds nothing in. Throws
  /// os::Error otherwise. `confidence` is that of the intervals.
  LinearFit(const Rows& x, Values y, double confidence = 0.95);

  /// The value where all terms are 0, and what each of them adds.
  const Estimate& constant() const { return constant_; }
  const std::vector<Estimate>& slopes() const { return slopes_; }
  double at(std::span<const double> x) const;
  Prediction predict(std::span<const double> x) const;
  /// How far out a place lies: the variance of the line there as a part of the points' own (h of the hat
  /// matrix). Beyond that of every point it is an extrapolation, though each term by itself may not be.
  double leverage(std::span<const double> x) const;
  double largest_leverage() const { return largest_leverage_; }
  double largest_value() const { return largest_value_; }  ///< by amount: what rounding errors are a part of

  std::size_t points() const { return residuals_.size(); }
  std::size_t degrees() const { return residuals_.size() - slopes_.size() - 1; }  ///< of freedom
  const std::vector<double>& residuals() const { return residuals_; }             ///< value minus line
  double squares() const { return squares_; }  ///< of the residuals, summed
  double rms() const;                          ///< the root of their mean
  double deviation() const;  ///< their standard deviation, by the degrees of freedom: R's sigma
  /// The share of the values' variance that the line explains; NaN where they don't vary.
  double r_squared() const { return r_squared_; }

 private:
  std::vector<double> solve_transposed(std::vector<double> right) const;
  Interval around(double value, double error) const;

  double confidence_;
  std::vector<double> means_;                  ///< of each term
  std::vector<std::vector<double>> triangle_;  ///< R of the centred terms' QR, by columns
  Estimate constant_;
  std::vector<Estimate> slopes_;
  std::vector<double> residuals_;
  double squares_ = 0, r_squared_ = 0, largest_leverage_ = 0, largest_value_ = 0;
};

/// The points of one run share what the run had in common, so they are not evidence of their own. Whether
/// runs lie further from the line than the scatter of their points explains: the F test of lack of fit
/// (Draper and Smith, chapter 2; Fisher, "The Goodness of Fit of Regression Formulae", 1922), with the runs
/// as groups.
struct Scatter {
  double between = 0;  ///< root of the mean square of the runs' means around the line
  double within = 0;   ///< standard deviation of the points around their run's mean
  double f = 0;        ///< (between / within)^2, which is about 1 where the runs add nothing
  double p = 1;        ///< the chance of such an F if they add nothing; NaN where no run has two points
};

/// `run_of` says of each point which run it is of. Of fewer than terms + 2 runs p is NaN.
Scatter scatter(const LinearFit& fit, std::span<const std::size_t> run_of);

}  // namespace tlbstorm::stats
