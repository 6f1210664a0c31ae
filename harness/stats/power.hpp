// SPDX-License-Identifier: Apache-2.0
// How many trials a change needs to be seen, and how small a change so many trials can show.
#pragma once

#include <cstddef>

namespace tlbstorm::stats {

/// What a test is to achieve.
struct Demand {
  double alpha = 0.05;  ///< of false alarms, both ways together
  double power = 0.8;   ///< the chance to find a change that is there
};

/// The trials a side at which Mann and Whitney's test finds a change of `change` (0.05 for 5%) where trials
/// vary by `cv`: from the mean and variance that U has under such a change, for normal noise; Lehmann,
/// "Nonparametrics: Statistical Methods Based on Ranks", 1975, chapter 2. Simulated, it is right to a trial
/// from 4 on. 0 when there is no change to find, at most 10^9.
std::size_t trials_needed(double change, double cv, const Demand& demand = {});

/// The smallest change that so many trials a side find; infinite when so few can't find any.
double smallest_change(std::size_t trials, double cv, const Demand& demand = {});

}  // namespace tlbstorm::stats
