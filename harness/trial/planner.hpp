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

/// An option that every workload has.
struct CommonOption {
  std::string name;      ///< without the dashes
  std::string standard;  ///< the default; "" is "worked out when the plan is made"
  std::string help;
};
std::span<const CommonOption> common_options();

/// Options by name, without dashes: common ones and the workload's own. Only those that were given.
using Options = std::map<std::string, std::string>;

/// Throws os::UsageError that names the option, the value and what would be valid.
Plan make_plan(const Definition& definition, const Options& given, const machine::Machine& machine);

}  // namespace tlbstorm::trial
