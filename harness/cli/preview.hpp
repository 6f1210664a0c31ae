// SPDX-License-Identifier: Apache-2.0
// What --dry-run shows of a side of interleaved runs.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/campaign/interleave.hpp"

namespace tlbstorm::cli {

/// What it comes to on this machine. One whose command may still change the machine need not be possible now.
/// Throws os::UsageError.
nlohmann::ordered_json preview(const campaign::BatchRun& run);

}  // namespace tlbstorm::cli
