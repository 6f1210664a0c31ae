// SPDX-License-Identifier: Apache-2.0
// What a user names on the command line, as comparisons: runs against runs, sweeps and suites point by point,
// and the two sides of `tlbstorm ab`.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/verdict/compare/comparison.hpp"

namespace tlbstorm::verdict {

/// The base and what is new, from the command line: the first folder is the base, the rest are new; a single
/// folder must be one of `tlbstorm ab`. Throws os::UsageError when the sides are unlike and `force` is not
/// given.
std::vector<Comparison> compare_folders(const std::vector<std::filesystem::path>& folders,
                                        const std::vector<std::filesystem::path>& more_base,
                                        const ComparisonOptions& options, bool force);

/// What `tlbstorm ab` calls its runs.
inline constexpr const char* kBaseValue = "base";
inline constexpr const char* kNextValue = "new";

}  // namespace tlbstorm::verdict
