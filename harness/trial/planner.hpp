// SPDX-License-Identifier: Apache-2.0
// Turns options as the user wrote them into a plan. Pure: looks at the machine as it was described, touches
// nothing.
#pragma once

#include <map>
#include <span>
#include <string>

#include "harness/machine/facts.hpp"
#include "harness/trial/plan.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {

/// Throws os::UsageError that names the option, the value and what would be valid.
Plan make_plan(const Definition& definition, const Options& given, const machine::Machine& machine);

/// Of a trial that explains: half as long.
Plan explaining_plan(const Plan& plan);

}  // namespace tlbstorm::trial
