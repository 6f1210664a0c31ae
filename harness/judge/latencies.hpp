// SPDX-License-Identifier: Apache-2.0
// What the distributions of accesses' times are worth: which trials they are taken from, and which
// percentiles hang on a few accesses.
#pragma once

#include <string_view>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::judge {

/// Whether a valid trial timed accesses: only those of valid trials count then.
bool any_valid_latency(const record::RunFolder& run);
/// Whether a metric is a percentile of such times (fault_latency_p99_9) that rests on few of them in some
/// trial.
bool rests_on_few(const record::RunFolder& run, std::string_view metric);

/// How such a figure is marked, and what is said of the mark.
inline constexpr const char* kFewMark = "?";
inline constexpr const char* kFewNote =
    "fewer than 10 accesses took longer: the percentile rests on few of them";

}  // namespace tlbstorm::judge
