// SPDX-License-Identifier: Apache-2.0
// The distributions of accesses' times by what the access was and what it met, as a table.
#pragma once

#include <string>
#include <string_view>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::report {

/// Over all valid trials together, or all trials when none is valid. Empty when no access was timed.
std::string latency_table(const record::RunFolder& run);

}  // namespace tlbstorm::report
