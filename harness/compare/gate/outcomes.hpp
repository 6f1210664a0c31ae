// SPDX-License-Identifier: Apache-2.0
// A rule that every gate has: the new trials end as the run expected, no more seldom than those of the base.
#pragma once

#include <optional>

#include "harness/compare/gate/gate.hpp"

namespace tlbstorm::compare {

/// Of false alarms of this rule: beside those of the rules on metrics.
inline constexpr double kOutcomeAlpha = 0.025;
inline constexpr const char* kOutcomes = "outcomes";

/// Fails where so many unexpected ends beside the base's come by chance in at most kOutcomeAlpha of all cases
/// (Fisher, one-sided); never passes where the new side has one and the base none, or there is no base.
/// Nothing where all new trials ended as expected.
std::optional<RuleResult> judge_outcomes(const GatePair& pair);

}  // namespace tlbstorm::compare
