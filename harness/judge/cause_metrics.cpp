// SPDX-License-Identifier: Apache-2.0
// Why the other figures are what they are: who sent the flushes and how many pages each had, what kswapd, the
// swap devices and the CPUs' counters say. The summary shows them as its block "why".
#include <algorithm>
#include <array>

#include "harness/judge/derivation.hpp"

namespace tlbstorm::judge {
namespace {

using F = const TrialFacts&;
using W = const Window&;

/// A share of the flushes sent.
Value of_sent(F facts, W window, const char* column) {
  return ratio(growth(facts, window, column), growth(facts, window, "tlbflush.sent"), "no flush was sent");
}

/// Those neither of the trial nor of kswapd.
Value by_others(F facts, W window) {
  const Value ours = of_sent(facts, window, "tlbflush.sent_by_trial");
  const Value kswapds = of_sent(facts, window, "tlbflush.sent_by_kswapd");
  return not_below_zero(minus(Value(1.0), plus(ours, kswapds)));
}

/// Of the whole machine, in user mode and in the kernel together.
Value counted(F facts, W window, const std::string& event) {
  return plus(growth(facts, window, "perf." + event + "_user"),
              growth(facts, window, "perf." + event + "_kernel"));
}

/// Pages scanned at cgroups' limits: all that were less those scanned for the machine, which have counters of
/// their own (mm/vmscan.c: shrink_inactive_list counts the latter unless cgroup_reclaim()).
Value scanned_at_limits(F facts, W window) {
  const auto scanned = [&](const char* key) {
    return growth(facts, window, std::string("vmstat.pgscan_") + key);
  };
  const auto by_helper = [&](const char* key) {  // kernels have them or not
    return growth_if_kept(facts, window, std::string("vmstat.pgscan_") + key);
  };
  const Value all = plus(scanned("anon"), scanned("file"));
  const Value global =
      plus(plus(scanned("kswapd"), scanned("direct")), plus(by_helper("khugepaged"), by_helper("proactive")));
  return not_below_zero(minus(all, global));
}

/// Seconds of requests by their number, in nanoseconds.
Value latency(F facts, W window, const char* seconds, const char* requests) {
  const Value each =
      ratio(growth(facts, window, seconds), growth(facts, window, requests), "no such request was made");
  const auto* const number = std::get_if<double>(&each);
  return number ? Value(*number * 1e9) : each;
}

constexpr std::array<Metric, 18> kMetrics{{
    {"flushes_by_trial", "ratio", Better::neither,
     "share of the flushes sent that the trial's own processes sent", Scope::all, false,
     [](F f, W w) { return of_sent(f, w, "tlbflush.sent_by_trial"); }},
    {"flushes_by_kswapd", "ratio", Better::neither, "share of the flushes sent that kswapd sent", Scope::all,
     false, [](F f, W w) { return of_sent(f, w, "tlbflush.sent_by_kswapd"); }},
    {"flushes_by_others", "ratio", Better::neither, "share of the flushes sent that anyone else sent",
     Scope::all, false, &by_others},
    {"flushes_of_1_page", "ratio", Better::lower, "share of the flushes sent that were for a single page",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, "tlbflush.sent_1_page"); }},
    {"flushes_of_2_7", "ratio", Better::neither, "share of the flushes sent that were for 2 to 7 pages",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, "tlbflush.sent_2_7"); }},
    {"flushes_of_8_31", "ratio", Better::neither, "share of the flushes sent that were for 8 to 31 pages",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, "tlbflush.sent_8_31"); }},
    {"flushes_of_32", "ratio", Better::neither,
     "share of the flushes sent that were for 32 pages, what reclaim takes at a time", Scope::all, false,
     [](F f, W w) { return of_sent(f, w, "tlbflush.sent_32"); }},
    {"flushes_of_33_511", "ratio", Better::neither, "share of the flushes sent that were for 33 to 511 pages",
     Scope::all, false, [](F f, W w) { return of_sent(f, w, "tlbflush.sent_33_511"); }},
    {"full_flushes", "ratio", Better::neither, "share of the flushes sent that emptied the TLB", Scope::all,
     false, [](F f, W w) { return of_sent(f, w, "tlbflush.sent_full"); }},
    {"kswapd_cpu", "cpu", Better::lower, "CPU seconds per second of all kswapd threads", Scope::all, false,
     [](F f, W w) { return per_second(growth(f, w, "kswapd.cpu"), w); }},
    {"limit_reclaims", "calls/s", Better::lower, "reclaims per second at the limit of a memory cgroup",
     Scope::reclaiming, false, [](F f, W w) { return per_second(growth(f, w, "vmscan.memcg_reclaims"), w); }},
    {"limit_scan_rate", "pages/s", Better::neither,
     "pages that reclaim at the limits of memory cgroups scanned per second", Scope::kernel_counted, false,
     [](F f, W w) { return per_second(scanned_at_limits(f, w), w); }},
    {"limit_reclaim_rate", "pages/s", Better::neither,
     "pages that reclaim at the limits of memory cgroups took per second", Scope::kernel_counted, false,
     [](F f, W w) { return per_second(growth(f, w, "vmscan.memcg_reclaimed"), w); }},
    {"swap_read_latency", "ns", Better::lower, "time of a read request of the swap devices, on average",
     Scope::swapping, false, [](F f, W w) { return latency(f, w, "swapdev.read_time", "swapdev.reads"); }},
    {"swap_write_latency", "ns", Better::lower, "time of a write request of the swap devices, on average",
     Scope::swapping, false, [](F f, W w) { return latency(f, w, "swapdev.write_time", "swapdev.writes"); }},
    {"ipc", "ratio", Better::higher, "instructions for each cycle, of the whole machine", Scope::all, false,
     [](F f, W w) {
       return ratio(counted(f, w, "instructions"), counted(f, w, "cycles"), "no cycle was counted");
     }},
    {"kernel_cycles", "ratio", Better::lower, "share of the machine's cycles that the kernel took",
     Scope::all, false,
     [](F f, W w) {
       return ratio(growth(f, w, "perf.cycles_kernel"), counted(f, w, "cycles"), "no cycle was counted");
     }},
    {"dtlb_misses_per_operation", "misses/op", Better::lower,
     "data TLB misses on loads, of the whole machine, for each operation", Scope::timed, false,
     [](F f, W w) {
       return ratio(counted(f, w, "dTLB-load-misses"), own_counter(f, w, "operations"),
                    "no operation was finished");
     }},
}};

}  // namespace

std::span<const Metric> cause_metrics() { return kMetrics; }

}  // namespace tlbstorm::judge
