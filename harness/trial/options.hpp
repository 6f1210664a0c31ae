// SPDX-License-Identifier: Apache-2.0
// The options of every run: a row each.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "harness/machine/facts.hpp"
#include "harness/trial/option.hpp"

namespace tlbstorm::trial {

struct Definition;

/// In the order in which `--help` shows them.
std::span<const Option> run_options();
/// One of them, that is there.
const Option& run_option(std::string_view name);

/// Those and the workload's own.
std::vector<const Option*> options_of(const Definition& definition);
/// Null when there is none of that name.
const Option* find_option(const Definition& definition, std::string_view name);
/// The default of an option for a workload: of some the workload says it.
std::string standard_of(const Definition& definition, const Option& option);

/// Puts a value into the field that the option fills; an empty one, where that is the default, leaves the
/// field as it is. Throws os::UsageError.
void fill(Plan& plan, const Option& option, const std::string& text, const machine::Machine& machine);

/// What a plan has there, for people: "64 MiB"; empty where it has nothing.
std::string shown(const Option& option, const Plan& plan);
/// The same with all digits: "67108864B".
std::string exact(const Option& option, const Plan& plan);

}  // namespace tlbstorm::trial
