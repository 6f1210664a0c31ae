// SPDX-License-Identifier: Apache-2.0
// The summary's block "why": the figures of cause_metrics() as sentences.
#pragma once

#include <string>
#include <string_view>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::report {

/// Whether a metric is shown there and not in the table.
bool is_cause(std::string_view metric);

/// Medians over the valid trials, or over all where none is valid; empty when nothing is known.
std::string why_block(const record::RunFolder& run);

}  // namespace tlbstorm::report
