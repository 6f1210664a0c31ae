// SPDX-License-Identifier: Apache-2.0
// Why the other figures are what they are: who sent the flushes and how many pages each had, what kswapd, the
// swap devices and the CPUs' counters say. The summary shows them as its block "why".
#include <array>
#include <initializer_list>

#include "harness/verdict/derivation.hpp"

namespace tlbstorm::verdict {
namespace {

using F = const TrialFacts&;
using W = const Window&;

/// A share of the flushes sent.
Value of_sent(F facts, W window, const char* column) {
  return ratio(growth(facts, window, column), growth(facts, window, "tlbflush.sent"), "no flush was sent");
}

/// Those neither of the trial nor of kswapd.
Value by_others(F facts, W window) {
  const Value trial = of_sent(facts, window, "tlbflush.sent_by_trial");
  const Value kswapd = of_sent(facts, window, "tlbflush.sent_by_kswapd");
  if (!std::holds_alternative<double>(trial)) return trial;
  if (!std::holds_alternative<double>(kswapd)) return kswapd;
  return std::max(0.0, 1 - std::get<double>(trial) - std::get<double>(kswapd));
}

/// Of the trial's processes, in user mode and in the kernel together.
Value of_trial(F facts, W window, const std::string& event) {
  const Value user = growth(facts, window, "perf.trial_" + event + "_user");
  const Value kernel = growth(facts, window, "perf.trial_" + event + "_kernel");
  if (!std::holds_alternative<double>(user)) return user;
  if (!std::holds_alternative<double>(kernel)) return kernel;
  return std::get<double>(user) + std::get<double>(kernel);
}

/// Seconds of requests by their number, in nanoseconds.
Value latency(F facts, W window, const char* seconds, const char* requests) {
  const Value each =
      ratio(growth(facts, window, seconds), growth(facts, window, requests), "no such request was made");
  const auto* const number = std::get_if<double>(&each);
  return number ? Value(*number * 1e9) : each;
}

constexpr std::array<Metric, 16> kMetrics{{
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
    {"swap_read_latency", "ns", Better::lower, "time of a read request of the swap devices, on average",
     Scope::swapping, false, [](F f, W w) { return latency(f, w, "swapdev.read_time", "swapdev.reads"); }},
    {"swap_write_latency", "ns", Better::lower, "time of a write request of the swap devices, on average",
     Scope::swapping, false, [](F f, W w) { return latency(f, w, "swapdev.write_time", "swapdev.writes"); }},
    {"ipc", "ratio", Better::higher, "instructions for each cycle, of the trial's processes", Scope::all,
     false,
     [](F f, W w) {
       return ratio(of_trial(f, w, "instructions"), of_trial(f, w, "cycles"), "no cycle was counted");
     }},
    {"kernel_cycles", "ratio", Better::lower, "share of the trial's cycles that the kernel took", Scope::all,
     false,
     [](F f, W w) {
       return ratio(growth(f, w, "perf.trial_cycles_kernel"), of_trial(f, w, "cycles"),
                    "no cycle was counted");
     }},
    {"dtlb_misses_per_operation", "misses/op", Better::lower,
     "data TLB misses on loads, of the trial's processes, for each operation", Scope::timed, false,
     [](F f, W w) {
       return ratio(of_trial(f, w, "dTLB-load-misses"), own_counter(f, w, "operations"),
                    "no operation was finished");
     }},
}};

}  // namespace

std::span<const Metric> cause_metrics() { return kMetrics; }

}  // namespace tlbstorm::verdict
