// SPDX-License-Identifier: Apache-2.0
// Whether points bend away from a form in a way that their scatter does not explain: a parabola, a V or a
// saturation has a best line, too, and its R^2 does not tell.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/stats/least_squares.hpp"

namespace tlbstorm::stats {

/// The chance that a bend of one of the terms (its square, its logarithm, a corner in the middle) adds so
/// much if the form is a line: the t test of its coefficient (Draper and Smith, "Applied Regression
/// Analysis", 1998, chapter 12), the smallest of all after Holm. NaN where there are too few points for it.
double p_of_curvature(const Rows& x, Values y);

/// The chance of so few changes of sign along the residuals, in the order of x, if the signs were dealt at
/// random: Wald and Wolfowitz, "On a Test Whether Two Samples are from the Same Population", 1940, counted.
double p_of_few_sign_runs(std::span<const double> residuals);

/// The chance that places lie so far from the line by the scatter of the points at one place alone (pure
/// error; Fisher 1922): for points of which several are at one place. NaN where none are.
double p_of_lack_of_fit(const LinearFit& fit, const Rows& x, Values y);

/// What speaks against a line through these points; empty where nothing does. That points lie off by less
/// than 2% of all that they span is no misfit, however surely they do.
std::string misfit(const LinearFit& fit, const Rows& x, Values y);

}  // namespace tlbstorm::stats
