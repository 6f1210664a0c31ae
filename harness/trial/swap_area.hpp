// SPDX-License-Identifier: Apache-2.0
// Swap that a run brings with it: a zram device, a file, or a block device, swapped on at the highest
// priority, all at the same, and taken down through the journal. zram devices are hot-added, files are new,
// and a block device is taken only if nothing is on it, or swap.
#pragma once

#include "harness/os/journal.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::trial {

/// Sets it up and swaps on, until the journal is undone. Throws os::SystemError, or os::UsageError for a
/// device that has got something on it meanwhile.
void bring_swap(os::Journal& journal, const SwapRequest& request);

}  // namespace tlbstorm::trial
