// SPDX-License-Identifier: Apache-2.0
// Tests of normal values, for where the sides have too few of them for their ranks to tell.
#pragma once

#include <cstddef>

#include "harness/stats/sample.hpp"

namespace tlbstorm::stats {

/// The chance of so much more in the second side if its mean is not larger: Welch, "The Generalization of
/// Student's Problem when Several Different Population Variances are Involved", 1947. Two values a side at
/// least; 0 or 1 where neither side varies.
double welch_higher(Values base, Values next);

/// The chance of a t of so much or more at these degrees of freedom.
double students_t_above(double t, double degrees);
/// The t that is exceeded by `above` of all.
double students_t_beyond(double above, double degrees);
/// The chance of a ratio of two variances of so much or more (Fisher and Snedecor's F).
double variance_ratio_above(double ratio, double degrees_above, double degrees_below);

}  // namespace tlbstorm::stats
