// SPDX-License-Identifier: Apache-2.0
// A change that no spread between trials, runs or boots explains: it decides on any rung of the ladder of
// evidence, so that nobody is told "too few trials" about fifteen times as much.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/compare/gate/rule.hpp"
#include "harness/compare/side.hpp"

namespace tlbstorm::compare {

/// Of the valid trials of each run.
using ValuesByRun = std::vector<std::vector<double>>;

/// What is gross about the change; nothing when it is not. The median of the new values is at least 1.5 times
/// as far as the bound for a count, 3 times for what depends on time, and each of them lies beyond each one
/// of the base by the root of that, of at least 5 valid trials a side or 3 runs a side. How often that comes
/// by chance: docs/statistics.md.
std::optional<std::string> gross_change(const ValuesByRun& base, const ValuesByRun& next,
                                        const MetricInfo& metric, const Rule& rule, double bound);

}  // namespace tlbstorm::compare
