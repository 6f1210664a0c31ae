// SPDX-License-Identifier: Apache-2.0
// The runs of a sweep or a suite side by side, as text.
#pragma once

#include <filesystem>
#include <string>

#include "harness/record/batch.hpp"

namespace tlbstorm::report {

/// What a folder holds: the summary of a run, or the table of a batch.
std::string told(const std::filesystem::path& folder);

/// A sweep as a scaling table, a suite as a list. Lines of at most 110 columns but for reasons.
std::string tabulate(const record::Batch& batch);

}  // namespace tlbstorm::report
