// SPDX-License-Identifier: Apache-2.0
// The summary's block of both kinds of trials: the headline as measured, and beside the probes that explain
// it, so that a reader sees what counting changed.
#pragma once

#include <string>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::report {

/// Empty where no trial explained.
std::string explaining_block(const record::RunFolder& run);

}  // namespace tlbstorm::report
