// SPDX-License-Identifier: Apache-2.0
// A comparison has many rows, and of twenty that did not change one has p below 5%. So that it says "better"
// or "worse" of things that did not change in no more than alpha of all comparisons, its rows share alpha.
#pragma once

#include <string>

#include "harness/compare/comparison.hpp"

namespace tlbstorm::compare {

/// Of alpha, what the primary metric has; all other rows together have the rest. Where it is not among them,
/// or alone, all of it is theirs.
inline constexpr double kPrimaryShare = 0.8;

/// Takes back what a row says if its p is too large among the others' (Holm), and says how many runs a side
/// it would take. `primary` is a metric's name. Returns what was done, for a reader; empty for a single row.
std::string correct(std::vector<MetricChange>& rows, const std::string& primary,
                    const ComparisonOptions& options);

}  // namespace tlbstorm::compare
