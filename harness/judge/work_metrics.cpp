// SPDX-License-Identifier: Apache-2.0
// What the workers got done and what they used for it.
#include <array>

#include "harness/judge/derivation.hpp"
#include "harness/judge/found.hpp"
#include "harness/os/clock.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::judge {
namespace {

/// Sums one figure of the workers' measured phase.
template <typename Get>
double sum_workers(const TrialFacts& facts, Get get) {
  double sum = 0;
  for (const trial::WorkerResult& worker : facts.result.workers) sum += get(worker.measured);
  return sum;
}

template <typename Get>
Value share_of_wall(const TrialFacts& facts, Get get) {
  const double wall = sum_workers(facts, [](const trial::Usage& used) { return os::to_seconds(used.wall); });
  if (wall <= 0) return absent("no worker finished the measured phase");
  return sum_workers(facts, get) / wall;
}

Value refaults(const TrialFacts& facts, const Window& window) {
  // Kernels before 5.9 keep no shadow entries of anonymous pages.
  return plus(growth(facts, window, column::kRefaultsFile),
              growth_if_kept(facts, window, column::kRefaultsAnon));
}

/// Of the workers, who count it themselves: a killed one has not told.
Value major_faults(const TrialFacts& facts) {
  if (facts.result.killed) return absent(kKilled);
  return sum_workers(facts, [](const trial::Usage& used) { return static_cast<double>(used.major_faults); });
}

/// Of the whole trial: in the end all are verified.
Value wrong_pages(const TrialFacts& facts) {
  const double right = facts.totals.whole(column::of_workload(trial::counter::kVerified)).value_or(0);
  if (right == 0 && facts.result.wrong_pages == 0) return absent("no page was verified");
  return static_cast<double>(facts.result.wrong_pages);
}

constexpr const char* kNoOperation = "no operation was finished";

using F = const TrialFacts&;
using W = const Window&;

constexpr auto kMetrics = std::to_array<Metric>({
    {metric::kThroughput, "operations/s", Better::higher, "the workload's operations per second, all workers",
     Scope::timed, false, [](F f, W w) { return per_second(growth(f, w, column::kOperations), w); }},
    {metric::kIpisPerOperation, "IPIs/op", Better::lower, "TLB-shootdown handlers run for each operation",
     Scope::timed, false,
     [](F f, W w) { return for_each(tlb_ipis(f, w), growth(f, w, column::kOperations), kNoOperation); }},
    {"bandwidth", "bytes/s", Better::higher, "data that the workers read or wrote per second",
     Scope::counting_bytes, false,
     [](F f, W w) { return per_second(own_counter(f, w, trial::counter::kBytes), w); }},
    // Per second, a program that got faster does more of all that it does: what is better is told by
    // operation.
    {"major_fault_rate", "faults/s", Better::neither, "faults per second that waited for I/O, all workers",
     Scope::reclaiming_for_a_time, false,
     [](F f, W) {
       return share_of_wall(f, [&](const trial::Usage& used) {
         return static_cast<double>(used.major_faults) * static_cast<double>(f.result.workers.size());
       });
     }},
    {"major_faults_per_operation", "faults/op", Better::lower,
     "faults that waited for I/O, for each operation", Scope::reclaiming_for_a_time, false,
     [](F f, W w) { return for_each(major_faults(f), growth(f, w, column::kOperations), kNoOperation); }},
    {"swap_in_rate", "pages/s", Better::neither, "pages read from swap per second (pswpin)", Scope::swapping,
     false, [](F f, W w) { return per_second(growth(f, w, column::kSwappedIn), w); }},
    {"swap_out_rate", "pages/s", Better::neither, "pages written to swap per second (pswpout)",
     Scope::swapping, false, [](F f, W w) { return per_second(growth(f, w, column::kSwappedOut), w); }},
    {"refault_rate", "pages/s", Better::neither,
     "reclaimed pages, of files and anonymous, that were wanted back, per second",
     Scope::reclaiming_for_a_time, false, [](F f, W w) { return per_second(refaults(f, w), w); }},
    {"refaults_per_operation", "pages/op", Better::lower,
     "reclaimed pages that were wanted back, for each operation", Scope::reclaiming_for_a_time, false,
     [](F f, W w) { return for_each(refaults(f, w), growth(f, w, column::kOperations), kNoOperation); }},
    {"wrong_pages", "pages", Better::lower,
     "pages that came back with other content than was written, in the whole trial: data was corrupted",
     Scope::verifying, false, [](F f, W) { return wrong_pages(f); }},
    {"user_time", "cpu/worker", Better::neither, "share of a worker's time spent in user mode", Scope::all,
     false,
     [](F f, W) { return share_of_wall(f, [](const trial::Usage& u) { return os::to_seconds(u.user); }); }},
    {"system_time", "cpu/worker", Better::lower, "share of a worker's time spent in the kernel", Scope::all,
     false,
     [](F f, W) { return share_of_wall(f, [](const trial::Usage& u) { return os::to_seconds(u.system); }); }},
});

}  // namespace

std::span<const Metric> work_metrics() { return kMetrics; }

}  // namespace tlbstorm::judge
