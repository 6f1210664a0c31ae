// SPDX-License-Identifier: Apache-2.0
// Validity comes before statistics: whether the figures of a trial mean what they should. Each check is a
// small function; its limits are said in what it found.
#pragma once

#include <vector>

#include "harness/judge/metrics.hpp"
#include "harness/record/judgement.hpp"

namespace tlbstorm::judge {

/// All checks that apply to the trial, in a fixed order.
std::vector<os::Finding> check_validity(const TrialFacts& facts);

}  // namespace tlbstorm::judge
