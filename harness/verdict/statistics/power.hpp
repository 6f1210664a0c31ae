// SPDX-License-Identifier: Apache-2.0
// How many trials a change needs to be seen, and how small a change so many trials can show.
#pragma once

#include <cstddef>

namespace tlbstorm::verdict {

/// What a test is to achieve.
struct Demand {
  double level = 0.05;  ///< of false alarms, both ways together
  double power = 0.8;   ///< the chance to find a change that is there
};

/// The trials a side at which Mann and Whitney's test finds a change of `change` (0.05 for 5%) where trials
/// vary by `cv`: Noether, "Sample Size Determination for Some Common Nonparametric Tests", 1987, for normal
/// noise. 0 when there is no change to find.
std::size_t trials_needed(double change, double cv, const Demand& demand = {});

/// The smallest change that so many trials a side find; infinite when so few can't find any.
double smallest_change(std::size_t trials, double cv, const Demand& demand = {});

}  // namespace tlbstorm::verdict
