// SPDX-License-Identifier: Apache-2.0
// How many pages reclaim scanned and took, and who did it, from whichever counters this kernel and cgroup
// version give.
#pragma once

#include <string>

#include "harness/judge/metrics.hpp"

namespace tlbstorm::judge {

/// Who reclaimed: kswapd in the background; direct: tasks themselves, at a watermark or at a cgroup's limit.
enum class Reclaimer { all, kswapd, direct };

/// Pages reclaimed in a window.
///
/// In this order: the workload's own count of pages that it saw leave (MADV_PAGEOUT is in no pgsteal
/// counter); the trial's cgroup (v2's pgsteal); the machine's pgsteal_anon + pgsteal_file, which on cgroup v1
/// is the only counter that includes memcg reclaim (mm/vmscan.c: shrink_inactive_list), and pgsteal_kswapd +
/// pgsteal_direct leave it out.
Value pages_stolen(const TrialFacts& facts, const Window& window, Reclaimer who);

/// Pages that reclaim looked at; never known for the workload's own count.
Value pages_scanned(const TrialFacts& facts, const Window& window, Reclaimer who);

}  // namespace tlbstorm::judge
