// SPDX-License-Identifier: Apache-2.0
// Flushes and reclaim: what the tool is for.
#include <array>

#include "harness/judge/derivation.hpp"
#include "harness/judge/reclaim.hpp"
#include "harness/judge/scale.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::judge {
namespace {

Value flushes_sent(const TrialFacts& facts, const Window& window) {
  return growth(facts, window, column::kFlushesSent);
}

Value reclaimed(const TrialFacts& facts, const Window& window) {
  return pages_stolen(facts, window, Reclaimer::all);
}

constexpr const char* kNothingReclaimed = "nothing was reclaimed";
constexpr const char* kNothingScanned = "it scanned nothing";

using F = const TrialFacts&;
using W = const Window&;

constexpr auto
    kMetrics =
        std::to_array<Metric>(
            {
                {metric::kIpisPerPage, "IPIs/page", Better::lower,
                 "TLB-shootdown handlers run for each page reclaimed; needs no steady clock, so it repeats "
                 "on noisy "
                 "machines",
                 Scope::reclaiming, true,
                 [](F f, W w) { return for_each(tlb_ipis(f, w), reclaimed(f, w), kNothingReclaimed); }},
                {"flushes_per_page", "flushes/page", Better::lower,
                 "TLB flushes sent for each page reclaimed", Scope::reclaiming, true,
                 [](F f, W w) { return for_each(flushes_sent(f, w), reclaimed(f, w), kNothingReclaimed); }},
                {metric::kPagesPerFlush, "pages/flush", Better::higher,
                 "pages reclaimed for each TLB flush sent: how well the kernel batches", Scope::reclaiming,
                 true,
                 [](F f, W w) { return ratio(reclaimed(f, w), flushes_sent(f, w), "no flush was sent"); }},
                {metric::kNsPerPage, "ns/page", Better::lower,
                 "time in the reclaiming call for each page that left", Scope::timing_reclaim, true,
                 [](F f, W w) {
                   return for_each(own_counter(f, w, trial::counter::kReclaimTime), reclaimed(f, w),
                                   kNothingReclaimed);
                 }},
                {metric::kTlbIpis, "IPIs", Better::lower,
                 "TLB-shootdown handlers run, summed over CPUs (TLB row of /proc/interrupts)", Scope::all,
                 true, &tlb_ipis},
                {"cal_interrupts", "interrupts", Better::lower,
                 "function-call interrupts taken (CAL row): several flushes may ride on one; the tool's own "
                 "reads cause "
                 "some",
                 Scope::all, true, [](F f, W w) { return growth(f, w, column::kCallInterrupts); }},
                {metric::kTlbFlushesSent, "flushes", Better::lower,
                 "flush operations sent to other CPUs (tlb:tlb_flush, remote IPI send), however many CPUs "
                 "each went to",
                 Scope::all, true, &flushes_sent},
                {metric::kPagesReclaimed, "pages", Better::higher,
                 "pages that reclaim took; the manifest says by which counter", Scope::reclaiming, true,
                 &reclaimed},
                {metric::kTlbIpiRate, "IPIs/s", Better::neither, "TLB-shootdown handlers per second",
                 Scope::all, false, [](F f, W w) { return per_second(tlb_ipis(f, w), w); }},
                {"reclaim_rate", "pages/s", Better::higher, "pages reclaimed per second", Scope::reclaiming,
                 false, [](F f, W w) { return per_second(reclaimed(f, w), w); }},
                {"reclaim_rate_kswapd", "pages/s", Better::neither, "pages reclaimed per second by kswapd",
                 Scope::kernel_counted, false,
                 [](F f, W w) { return per_second(pages_stolen(f, w, Reclaimer::kswapd), w); }},
                {"reclaim_rate_direct", "pages/s", Better::neither,
                 "pages reclaimed per second by tasks themselves, at a watermark or at their cgroup's limit",
                 Scope::kernel_counted, false,
                 [](F f, W w) { return per_second(pages_stolen(f, w, Reclaimer::direct), w); }},
                {"kswapd_velocity", "pages/s", Better::neither, "pages scanned per second by kswapd",
                 Scope::kernel_counted, false,
                 [](F f, W w) { return per_second(pages_scanned(f, w, Reclaimer::kswapd), w); }},
                {"kswapd_efficiency", kShare, Better::higher,
                 "pages reclaimed for each page scanned, by kswapd", Scope::kernel_counted, false,
                 [](F f, W w) {
                   return ratio(pages_stolen(f, w, Reclaimer::kswapd), pages_scanned(f, w, Reclaimer::kswapd),
                                kNothingScanned);
                 }},
                {"direct_velocity", "pages/s", Better::neither,
                 "pages scanned per second by tasks themselves", Scope::kernel_counted, false,
                 [](F f, W w) { return per_second(pages_scanned(f, w, Reclaimer::direct), w); }},
                {"direct_efficiency", kShare, Better::higher,
                 "pages reclaimed for each page scanned, by tasks themselves", Scope::kernel_counted, false,
                 [](F f, W w) {
                   return ratio(pages_stolen(f, w, Reclaimer::direct), pages_scanned(f, w, Reclaimer::direct),
                                kNothingScanned);
                 }},
            });

}  // namespace

std::span<const Metric> reclaim_metrics() { return kMetrics; }

}  // namespace tlbstorm::judge
