// SPDX-License-Identifier: Apache-2.0
// How much other load a trial's figures bear, and of the last two, a benchmark's repetition.
#pragma once

namespace tlbstorm::judge {

/// Of the time, that whoever shares the memory must be on its CPU. One that is off it gets no IPI, as the
/// kernel's lazy TLB mode skips it (arch/x86/mm/tlb.c): 5% off is up to 5% missing IPIs.
inline constexpr double kLeastOnCpu = 0.95;
inline constexpr double kMostWaiting = 0.05;  ///< of a worker's time, runnable but not running
inline constexpr double kMostForeign = 0.05;  ///< of a worker's CPU, and of all CPU time, that others took
inline constexpr double kMostStolen = 0.10;   ///< of all CPU time, by the hypervisor

}  // namespace tlbstorm::judge
