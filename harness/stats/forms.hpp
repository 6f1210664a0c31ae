// SPDX-License-Identifier: Apache-2.0
// Two forms that a cost may have in one term: the straight line y = a + b x, and the power law y = k x^e.
// Which of them it is shows in what they say of a place that they were not fitted to.
#pragma once

#include <limits>
#include <optional>

#include "harness/stats/least_squares.hpp"

namespace tlbstorm::stats {

/// Fitted as a line through the logarithms, so that errors count by ratio.
struct PowerLaw {
  LinearFit logs;
  Estimate factor, exponent;  ///< k, whose error is a ratio's (that of its logarithm), and e
  double at(double x) const;
  Prediction predict(double x) const;
};

/// Nothing where a value of x or y is not positive, or there are too few places.
std::optional<PowerLaw> fit_power_law(Values x, Values y, double confidence = 0.95);

enum class Form { line, power_law, undecided };

/// Each place is left out in turn and predicted by the rest: cross-validation (Stone, "Cross-Validatory
/// Choice and Assessment of Statistical Predictions", 1974). The errors are in y, as root of their mean
/// square; NaN where none was made.
struct FormChoice {
  double line_error = std::numeric_limits<double>::quiet_NaN(), power_law_error = line_error;
  Form better = Form::undecided;
};

/// A form is the better one if its error is less than half the other's. Undecided below 4 places, where what
/// is left determines either form. Simulated, medians of 5 trials with a noise of 1 to 5%: of y = 2 x, which
/// is both, one is called the better at most one time in eight, and elsewhere the wrong one at most one time
/// in ten (tests/fixtures/statistics/forms.csv).
FormChoice choose_form(Values x, Values y);

}  // namespace tlbstorm::stats
