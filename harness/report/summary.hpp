// SPDX-License-Identifier: Apache-2.0
// The summary of a run folder as text: context before numbers, spread beside numbers, reasons beside absence.
#pragma once

#include <string>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::report {

/// Lines of at most 110 columns, plain ASCII.
std::string summarise(const record::RunFolder& run);

}  // namespace tlbstorm::report
