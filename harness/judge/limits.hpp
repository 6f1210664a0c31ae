// SPDX-License-Identifier: Apache-2.0
// How much other load a figure bears: for the checks of a trial and of a benchmark's repetition.
#pragma once

namespace tlbstorm::judge {

/// Of the time, that whoever shares the memory must be on its CPU. One that is off it gets no IPI, as the
/// kernel's lazy TLB mode skips it (arch/x86/mm/tlb.c): 10% off is up to 10% missing IPIs.
inline constexpr double kLeastOnCpu = 0.90;
inline constexpr double kMostWaiting = 0.10;  ///< of a worker's time, runnable but not running
inline constexpr double kMostForeign = 0.05;  ///< of all CPU time, in user mode of other processes
inline constexpr double kMostStolen = 0.10;   ///< of all CPU time, by the hypervisor

}  // namespace tlbstorm::judge
