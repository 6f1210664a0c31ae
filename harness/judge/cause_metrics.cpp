// SPDX-License-Identifier: Apache-2.0
// Why the other figures are what they are: who sent the flushes and how many pages each had, what kswapd, the
// swap devices and the CPUs' counters say. The summary shows them as its block "why".
#include <algorithm>
#include <array>

#include "harness/judge/derivation.hpp"
#include "harness/judge/scale.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::judge {
namespace {

using F = const TrialFacts&;
using W = const Window&;

/// A share of the flushes sent.
Value of_sent(F facts, W window, const char* column) {
  return ratio(growth(facts, window, column), growth(facts, window, column::kFlushesSent),
               "no flush was sent");
}

/// Those neither of the trial nor of kswapd.
Value by_others(F facts, W window) {
  const Value ours = of_sent(facts, window, column::kSentByTrial);
  const Value kswapds = of_sent(facts, window, column::kSentByKswapd);
  return not_below_zero(minus(Value(1.0), plus(ours, kswapds)));
}

/// Of the whole machine, in user mode and in the kernel together.
Value both(F facts, W window, const char* user, const char* kernel) {
  return plus(growth(facts, window, user), growth(facts, window, kernel));
}
Value cycles(F facts, W window) { return both(facts, window, column::kUserCycles, column::kKernelCycles); }

/// Pages scanned at cgroups' limits: all that were less those scanned for the machine, which have counters of
/// their own (mm/vmscan.c: shrink_inactive_list counts the latter unless cgroup_reclaim()).
Value scanned_at_limits(F facts, W window) {
  const Value all =
      plus(growth(facts, window, column::kScannedAnon), growth(facts, window, column::kScannedFile));
  const Value global =
      plus(growth(facts, window, column::kScannedByKswapd), growth(facts, window, column::kScannedDirectly));
  const Value by_helpers = plus(growth_if_kept(facts, window, column::kScannedByKhugepaged),
                                growth_if_kept(facts, window, column::kScannedProactively));
  return not_below_zero(minus(all, plus(global, by_helpers)));
}

/// Seconds of requests by their number, in nanoseconds.
Value latency(F facts, W window, const char* seconds, const char* requests) {
  const Value each =
      ratio(growth(facts, window, seconds), growth(facts, window, requests), "no such request was made");
  const auto* const number = std::get_if<double>(&each);
  return number ? Value(*number * 1e9) : each;
}

constexpr const char* kNoCycle = "no cycle was counted";

constexpr auto kMetrics = std::to_array<Metric>({
    {metric::kFlushesByTrial, kShare, Better::neither,
     "share of the flushes sent that the trial's own processes sent", Scope::all, false,
     [](F f, W w) { return of_sent(f, w, column::kSentByTrial); }},
    {metric::kFlushesByKswapd, kShare, Better::neither, "share of the flushes sent that kswapd sent",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, column::kSentByKswapd); }},
    {metric::kFlushesByOthers, kShare, Better::neither, "share of the flushes sent that anyone else sent",
     Scope::all, false, &by_others},
    {metric::kFlushesOf1Page, kShare, Better::lower, "share of the flushes sent that were for a single page",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, column::kSentOf1Page); }},
    {metric::kFlushesOf2To7, kShare, Better::neither, "share of the flushes sent that were for 2 to 7 pages",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, column::kSentOf2To7); }},
    {metric::kFlushesOf8To31, kShare, Better::neither,
     "share of the flushes sent that were for 8 to 31 pages", Scope::all, false,
     [](F f, W w) { return of_sent(f, w, column::kSentOf8To31); }},
    {metric::kFlushesOf32, kShare, Better::neither,
     "share of the flushes sent that were for 32 pages, what reclaim takes at a time", Scope::all, false,
     [](F f, W w) { return of_sent(f, w, column::kSentOf32); }},
    {metric::kFlushesOf33To511, kShare, Better::neither,
     "share of the flushes sent that were for 33 to 511 pages", Scope::all, false,
     [](F f, W w) { return of_sent(f, w, column::kSentOf33To511); }},
    {metric::kFullFlushes, kShare, Better::neither, "share of the flushes sent that emptied the TLB",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, column::kSentFull); }},
    {metric::kKswapdCpu, "cpu", Better::lower, "CPU seconds per second of all kswapd threads", Scope::all,
     false, [](F f, W w) { return per_second(growth(f, w, column::kKswapdCpu), w); }},
    {metric::kLimitReclaims, "calls/s", Better::lower, "reclaims per second at the limit of a memory cgroup",
     Scope::reclaiming, false, [](F f, W w) { return per_second(growth(f, w, column::kLimitReclaims), w); }},
    {metric::kLimitScanRate, "pages/s", Better::neither,
     "pages that reclaim at the limits of memory cgroups scanned per second", Scope::kernel_counted, false,
     [](F f, W w) { return per_second(scanned_at_limits(f, w), w); }},
    {metric::kLimitReclaimRate, "pages/s", Better::neither,
     "pages that reclaim at the limits of memory cgroups took per second", Scope::kernel_counted, false,
     [](F f, W w) { return per_second(growth(f, w, column::kLimitReclaimed), w); }},
    {metric::kSwapReadLatency, "ns", Better::lower, "time of a read request of the swap devices, on average",
     Scope::swapping, false,
     [](F f, W w) { return latency(f, w, column::kSwapReadTime, column::kSwapReads); }},
    {metric::kSwapWriteLatency, "ns", Better::lower,
     "time of a write request of the swap devices, on average", Scope::swapping, false,
     [](F f, W w) { return latency(f, w, column::kSwapWriteTime, column::kSwapWrites); }},
    {metric::kIpc, "ratio", Better::higher, "instructions for each cycle, of the whole machine", Scope::all,
     false,
     [](F f, W w) {
       return ratio(both(f, w, column::kUserInstructions, column::kKernelInstructions), cycles(f, w),
                    kNoCycle);
     }},
    {metric::kKernelCycles, kShare, Better::lower, "share of the machine's cycles that the kernel took",
     Scope::all, false,
     [](F f, W w) { return ratio(growth(f, w, column::kKernelCycles), cycles(f, w), kNoCycle); }},
    {metric::kDtlbMissesPerOperation, "misses/op", Better::lower,
     "data TLB misses on loads, of the whole machine, for each operation", Scope::timed, false,
     [](F f, W w) {
       return ratio(both(f, w, column::kUserTlbMisses, column::kKernelTlbMisses),
                    growth(f, w, column::kOperations), "no operation was finished");
     }},
});

}  // namespace

std::span<const Metric> cause_metrics() { return kMetrics; }

}  // namespace tlbstorm::judge
