// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/metrics.hpp"

#include <fmt/format.h>

#include <array>

#include "harness/os/clock.hpp"
#include "harness/verdict/reclaim.hpp"

namespace tlbstorm::verdict {
namespace {

using machine::FlushMethod;

Value absent(std::string reason) { return record::Absence{"", std::move(reason)}; }

/// Why a column isn't there: its probe is absent, was not asked for, or lost its place.
Value missing(const TrialFacts& facts, const std::string& column) {
  const std::string probe = column.substr(0, column.find('.'));
  for (const trial::AbsentProbe& candidate : facts.result.sampling.absent)
    if (candidate.name == probe) return absent(candidate.why.reason);
  for (const trial::ProbeReading& reading : facts.result.sampling.readings)
    if (reading.name == probe)
      return absent(fmt::format("this kernel has no counter {}, or it could not be read", column));
  return absent(fmt::format("the probe {} was left out by --probes", probe));
}

Value growth(const TrialFacts& facts, const Window& window, const std::string& column) {
  if (const auto value = facts.totals.growth(window, column)) return *value;
  return missing(facts, column);
}

Value per_second(const Value& value, const Window& window) {
  if (!std::holds_alternative<double>(value)) return value;
  if (window.seconds <= 0) return absent("the measured phase was not reached");
  return std::get<double>(value) / window.seconds;
}

Value ratio(const Value& part, const Value& whole, const char* nothing) {
  if (!std::holds_alternative<double>(part)) return part;
  if (!std::holds_alternative<double>(whole)) return whole;
  if (std::get<double>(whole) <= 0) return absent(nothing);
  return std::get<double>(part) / std::get<double>(whole);
}

Value tlb_ipis(const TrialFacts& facts, const Window& window) {
  if (facts.flush.method == FlushMethod::broadcast && !facts.flush.has_tlb_row)
    return absent(facts.flush.text);
  return growth(facts, window, "interrupts.tlb");
}

Value flushes_sent(const TrialFacts& facts, const Window& window) {
  return growth(facts, window, "tlbflush.sent");
}

Value stolen(const TrialFacts& facts, const Window& window, Reclaimer who) {
  if (const auto pages = pages_stolen(facts, window, who)) return *pages;
  return missing(facts, "vmstat.pgsteal_file");
}

Value scanned(const TrialFacts& facts, const Window& window, Reclaimer who) {
  if (const auto pages = pages_scanned(facts, window, who)) return *pages;
  return missing(facts, "vmstat.pgscan_file");
}

Value reclaimed(const TrialFacts& facts, const Window& window) {
  return stolen(facts, window, Reclaimer::all);
}

Value own_counter(const TrialFacts& facts, const Window& window, const char* name) {
  return growth(facts, window, std::string("workload.") + name);
}

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

Value latency(const TrialFacts& facts, double q) {
  if (!facts.result.latency) return absent("no worker recorded a time");
  return percentile(*facts.result.latency, q);
}

constexpr const char* kNothingReclaimed = "nothing was reclaimed";
constexpr const char* kNothingScanned = "it scanned nothing";

using F = const TrialFacts&;
using W = const Window&;

constexpr std::array<Metric, 29> kMetrics{{
    {"ipis_per_page", "handlers/page", Better::lower,
     "TLB-shootdown handlers run for each page reclaimed; needs no steady clock, so it repeats on noisy "
     "machines",
     Scope::all, true, [](F f, W w) { return ratio(tlb_ipis(f, w), reclaimed(f, w), kNothingReclaimed); }},
    {"flushes_per_page", "flushes/page", Better::lower, "TLB flushes sent for each page reclaimed",
     Scope::all, true,
     [](F f, W w) { return ratio(flushes_sent(f, w), reclaimed(f, w), kNothingReclaimed); }},
    {"pages_per_flush", "pages/flush", Better::higher,
     "pages reclaimed for each TLB flush sent: how well the kernel batches", Scope::all, true,
     [](F f, W w) { return ratio(reclaimed(f, w), flushes_sent(f, w), "no flush was sent"); }},
    {"ns_per_page", "ns/page", Better::lower, "time in the reclaiming call for each page that left",
     Scope::timing_reclaim, true,
     [](F f, W w) {
       return ratio(own_counter(f, w, trial::counter::kReclaimTime), reclaimed(f, w), kNothingReclaimed);
     }},
    {"tlb_ipis", "handlers", Better::lower,
     "TLB-shootdown handlers run, summed over CPUs (TLB row of /proc/interrupts)", Scope::all, true,
     &tlb_ipis},
    {"cal_interrupts", "interrupts", Better::lower,
     "function-call interrupts taken (CAL row): several flushes may ride on one; the tool's own reads cause "
     "some",
     Scope::all, true, [](F f, W w) { return growth(f, w, "interrupts.cal"); }},
    {"tlb_flushes_sent", "flushes", Better::lower,
     "flush operations sent to other CPUs (tlb:tlb_flush, remote IPI send), however many CPUs each went to",
     Scope::all, true, &flushes_sent},
    {"pages_reclaimed", "pages", Better::higher,
     "pages that reclaim took; the manifest says by which counter", Scope::all, true, &reclaimed},
    {"tlb_ipi_rate", "handlers/s", Better::lower, "TLB-shootdown handlers per second", Scope::all, false,
     [](F f, W w) { return per_second(tlb_ipis(f, w), w); }},
    {"reclaim_rate", "pages/s", Better::higher, "pages reclaimed per second", Scope::all, false,
     [](F f, W w) { return per_second(reclaimed(f, w), w); }},
    {"reclaim_rate_kswapd", "pages/s", Better::higher, "pages reclaimed per second by kswapd",
     Scope::kernel_counted, false, [](F f, W w) { return per_second(stolen(f, w, Reclaimer::kswapd), w); }},
    {"reclaim_rate_direct", "pages/s", Better::higher,
     "pages reclaimed per second by tasks themselves, at a watermark or at their cgroup's limit",
     Scope::kernel_counted, false, [](F f, W w) { return per_second(stolen(f, w, Reclaimer::direct), w); }},
    {"kswapd_velocity", "pages/s", Better::neither, "pages scanned per second by kswapd",
     Scope::kernel_counted, false, [](F f, W w) { return per_second(scanned(f, w, Reclaimer::kswapd), w); }},
    {"kswapd_efficiency", "ratio", Better::higher, "pages reclaimed for each page scanned, by kswapd",
     Scope::kernel_counted, false,
     [](F f, W w) {
       return ratio(stolen(f, w, Reclaimer::kswapd), scanned(f, w, Reclaimer::kswapd), kNothingScanned);
     }},
    {"direct_velocity", "pages/s", Better::neither, "pages scanned per second by tasks themselves",
     Scope::kernel_counted, false, [](F f, W w) { return per_second(scanned(f, w, Reclaimer::direct), w); }},
    {"direct_efficiency", "ratio", Better::higher,
     "pages reclaimed for each page scanned, by tasks themselves", Scope::kernel_counted, false,
     [](F f, W w) {
       return ratio(stolen(f, w, Reclaimer::direct), scanned(f, w, Reclaimer::direct), kNothingScanned);
     }},
    {"throughput", "operations/s", Better::higher, "the workload's operations per second, all workers",
     Scope::timed, false, [](F f, W w) { return per_second(own_counter(f, w, "operations"), w); }},
    {"bandwidth", "bytes/s", Better::higher, "data that the workers read or wrote per second",
     Scope::counting_bytes, false,
     [](F f, W w) { return per_second(own_counter(f, w, trial::counter::kBytes), w); }},
    {"major_fault_rate", "faults/s", Better::lower, "faults per second that waited for I/O, all workers",
     Scope::timed, false,
     [](F f, W) {
       return share_of_wall(f, [&](const trial::Usage& used) {
         return static_cast<double>(used.major_faults) * static_cast<double>(f.result.workers.size());
       });
     }},
    {"refault_rate", "pages/s", Better::lower, "reclaimed file pages that were wanted back, per second",
     Scope::timed, false,
     [](F f, W w) { return per_second(growth(f, w, "vmstat.workingset_refault_file"), w); }},
    {"user_time", "cpu/worker", Better::neither, "share of a worker's time spent in user mode", Scope::all,
     false,
     [](F f, W) { return share_of_wall(f, [](const trial::Usage& u) { return os::to_seconds(u.user); }); }},
    {"system_time", "cpu/worker", Better::lower, "share of a worker's time spent in the kernel", Scope::all,
     false,
     [](F f, W) { return share_of_wall(f, [](const trial::Usage& u) { return os::to_seconds(u.system); }); }},
    {"access_latency_p50", "ns", Better::lower, "time of one operation, median", Scope::timed, false,
     [](F f, W) { return latency(f, 0.50); }},
    {"access_latency_p99", "ns", Better::lower, "time of one operation, 99th percentile", Scope::timed, false,
     [](F f, W) { return latency(f, 0.99); }},
    {"access_latency_p99_9", "ns", Better::lower, "time of one operation, 99.9th percentile", Scope::timed,
     false, [](F f, W) { return latency(f, 0.999); }},
    {"access_latency_max", "ns", Better::lower, "the longest operation", Scope::timed, false,
     [](F f, W) {
       return f.result.latency ? Value(static_cast<double>(f.result.latency->max())) : latency(f, 1);
     }},
    {"longest_stall", "s", Better::lower,
     "longest time in which no worker finished an operation; below the log's resolution it gives the "
     "resolution",
     Scope::timed, false,
     [](F f, W) -> Value {
       if (!f.result.longest_stall) return absent("not every worker timed its operations");
       return os::to_seconds(std::max(*f.result.longest_stall, f.result.stall_resolution));
     }},
    {"memory_stall_some", "ratio", Better::lower, "share of time in which some task waited for memory (PSI)",
     Scope::all, false,
     [](F f, W w) {
       return ratio(growth(f, w, "psi.memory_some"), w.seconds * 1e6, "no time was measured");
     }},
    {"memory_stall_full", "ratio", Better::lower, "share of time in which all tasks waited for memory (PSI)",
     Scope::all, false,
     [](F f, W w) {
       return ratio(growth(f, w, "psi.memory_full"), w.seconds * 1e6, "no time was measured");
     }},
}};

bool applies(Scope scope, const TrialFacts& facts) {
  const auto keeps = [&](const char* name) { return facts.totals.has(std::string("workload.") + name); };
  switch (scope) {
    case Scope::all:
      return true;
    case Scope::timed:
      return facts.definition.pacing == trial::Pacing::timed;
    case Scope::counting_bytes:
      return keeps(trial::counter::kBytes);
    case Scope::timing_reclaim:
      return keeps(trial::counter::kReclaimTime);
    case Scope::kernel_counted:
      return !keeps(trial::counter::kPagesGone);
  }
  return false;
}

}  // namespace

std::string_view name(Better better) {
  static constexpr std::array<std::string_view, 3> kNames{"lower", "higher", "-"};
  return kNames[static_cast<std::size_t>(better)];
}

std::span<const Metric> metrics() { return kMetrics; }

double percentile(const trial::Histogram& histogram, double q) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < trial::Histogram::kBuckets; ++i) total += histogram.count(i);
  const double rank = q * static_cast<double>(total);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < trial::Histogram::kBuckets; ++i) {
    below += histogram.count(i);
    if (histogram.count(i) > 0 && static_cast<double>(below) >= rank)
      return static_cast<double>(trial::Histogram::lower(i) + trial::Histogram::upper(i) - 1) / 2;
  }
  return static_cast<double>(histogram.max());
}

void derive(const TrialFacts& facts, record::Judgement& judgement) {
  judgement.reclaim_source = reclaim_source(facts);
  const Window& measured = facts.totals.phase(trial::Phase::measure);
  for (const Metric& metric : kMetrics) {
    if (!applies(metric.scope, facts)) continue;
    const Value value =
        measured.seconds > 0 ? metric.derive(facts, measured) : absent("the measured phase was not finished");
    if (const auto* figure = std::get_if<double>(&value))
      judgement.figures.push_back({std::string(metric.name), std::string(metric.unit), *figure});
    else
      judgement.absent.push_back({std::string(metric.name), std::get<record::Absence>(value).reason});
  }
  if (facts.definition.pacing != trial::Pacing::rounds) return;
  for (const auto& [round, window] : facts.totals.rounds())
    for (const Metric& metric : kMetrics) {
      if (!metric.by_round || !applies(metric.scope, facts)) continue;
      const Value value = metric.derive(facts, window);
      if (const auto* figure = std::get_if<double>(&value))
        judgement.rounds.push_back(
            {static_cast<int>(round), {std::string(metric.name), std::string(metric.unit), *figure}});
    }
}

}  // namespace tlbstorm::verdict
