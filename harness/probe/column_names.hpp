// SPDX-License-Identifier: Apache-2.0
// The columns of samples.csv that others than their probe know by name. No other file spells one, and a test
// proves that each is a column of some probe (ColumnNames).
#pragma once

#include <string>
#include <string_view>

namespace tlbstorm::column {

inline constexpr const char* kTlbInterrupts = "interrupts.tlb";
inline constexpr const char* kCallInterrupts = "interrupts.cal";

// Flushes: the tracepoint tlb:tlb_flush.
inline constexpr const char* kFlushesSent = "tlbflush.sent";
inline constexpr const char* kSentByTrial = "tlbflush.sent_by_trial";
inline constexpr const char* kSentByKswapd = "tlbflush.sent_by_kswapd";
inline constexpr const char* kSentOf1Page = "tlbflush.sent_1_page";
inline constexpr const char* kSentOf2To7 = "tlbflush.sent_2_7";
inline constexpr const char* kSentOf8To31 = "tlbflush.sent_8_31";
inline constexpr const char* kSentOf32 = "tlbflush.sent_32";
inline constexpr const char* kSentOf33To511 = "tlbflush.sent_33_511";
inline constexpr const char* kSentFull = "tlbflush.sent_full";

// Reclaim, of the whole machine. Those by kswapd leave reclaim at cgroups' limits out (probe/vmstat.cpp).
inline constexpr const char* kStolenAnon = "vmstat.pgsteal_anon";
inline constexpr const char* kStolenFile = "vmstat.pgsteal_file";
inline constexpr const char* kStolenByKswapd = "vmstat.pgsteal_kswapd";
inline constexpr const char* kStolenByKhugepaged = "vmstat.pgsteal_khugepaged";
inline constexpr const char* kStolenProactively = "vmstat.pgsteal_proactive";
inline constexpr const char* kReclaimedByDamon = "damon.reclaimed";
inline constexpr const char* kScannedAnon = "vmstat.pgscan_anon";
inline constexpr const char* kScannedFile = "vmstat.pgscan_file";
inline constexpr const char* kScannedByKswapd = "vmstat.pgscan_kswapd";
inline constexpr const char* kScannedDirectly = "vmstat.pgscan_direct";
inline constexpr const char* kScannedByKhugepaged = "vmstat.pgscan_khugepaged";
inline constexpr const char* kScannedProactively = "vmstat.pgscan_proactive";
inline constexpr const char* kMovableStalls = "vmstat.allocstall_movable";
inline constexpr const char* kNormalStalls = "vmstat.allocstall_normal";
inline constexpr const char* kRefaultsAnon = "vmstat.workingset_refault_anon";
inline constexpr const char* kRefaultsFile = "vmstat.workingset_refault_file";
inline constexpr const char* kKswapdCpu = "kswapd.cpu";
inline constexpr const char* kLimitReclaims = "vmscan.memcg_reclaims";
inline constexpr const char* kLimitReclaimed = "vmscan.memcg_reclaimed";
inline constexpr const char* kMemorySome = "psi.memory_some";
inline constexpr const char* kMemoryFull = "psi.memory_full";

// Reclaim, of the trial's own cgroup.
inline constexpr const char* kCgroupStolen = "memcg.pgsteal";
inline constexpr const char* kCgroupStolenByKswapd = "memcg.pgsteal_kswapd";
inline constexpr const char* kCgroupStolenDirectly = "memcg.pgsteal_direct";
inline constexpr const char* kCgroupScanned = "memcg.pgscan";
inline constexpr const char* kCgroupScannedByKswapd = "memcg.pgscan_kswapd";
inline constexpr const char* kCgroupScannedDirectly = "memcg.pgscan_direct";

// Pages written, and swap.
inline constexpr const char* kWritten = "vmstat.nr_written";
inline constexpr const char* kWrittenByReclaim = "vmstat.nr_vmscan_write";
inline constexpr const char* kSwappedIn = "vmstat.pswpin";
inline constexpr const char* kSwappedOut = "vmstat.pswpout";
inline constexpr const char* kZeroSwappedIn = "vmstat.swpin_zero";
inline constexpr const char* kZeroSwappedOut = "vmstat.swpout_zero";
inline constexpr const char* kZswappedIn = "vmstat.zswpin";
inline constexpr const char* kCgroupSwappedIn = "memcg.pswpin";
inline constexpr const char* kCgroupZeroSwappedIn = "memcg.swpin_zero";
inline constexpr const char* kCgroupZswappedIn = "memcg.zswpin";
inline constexpr const char* kSwapReads = "swapdev.reads";
inline constexpr const char* kSwapReadBytes = "swapdev.read_bytes";
inline constexpr const char* kSwapReadTime = "swapdev.read_time";
inline constexpr const char* kSwapWrites = "swapdev.writes";
inline constexpr const char* kSwapWriteTime = "swapdev.write_time";
inline constexpr const char* kSwapInFiles = "swapdev.in_files";
inline constexpr const char* kSwapFree = "swapdev.free";
inline constexpr const char* kSwapTotal = "swapdev.total";

// Compressed memory.
inline constexpr const char* kZramStored = "zram.stored";
inline constexpr const char* kZramCompressed = "zram.compressed";
inline constexpr const char* kZramMemoryUsed = "zram.memory_used";
inline constexpr const char* kZramSamePages = "zram.same_pages";
inline constexpr const char* kZramIncompressible = "zram.incompressible_pages";
inline constexpr const char* kZswapStored = "zswap.stored";
inline constexpr const char* kZswapCompressed = "zswap.compressed";

// CPUs.
inline constexpr const char* kUserTime = "cpu.user";
inline constexpr const char* kNiceTime = "cpu.nice";
inline constexpr const char* kStolenTime = "cpu.steal";
inline constexpr const char* kUserCycles = "perf.cycles_user";
inline constexpr const char* kKernelCycles = "perf.cycles_kernel";
inline constexpr const char* kUserInstructions = "perf.instructions_user";
inline constexpr const char* kKernelInstructions = "perf.instructions_kernel";
inline constexpr const char* kUserTlbMisses = "perf.dTLB-load-misses_user";
inline constexpr const char* kKernelTlbMisses = "perf.dTLB-load-misses_kernel";

// What workers count: operations, and what a workload keeps beside them.
inline constexpr const char* kOperations = "workload.operations";
inline std::string of_workload(std::string_view counter) { return "workload." + std::string(counter); }

}  // namespace tlbstorm::column
