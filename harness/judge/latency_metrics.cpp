// SPDX-License-Identifier: Apache-2.0
// Times of accesses: of those that hit, of those that faulted, never of both mixed. The whole distributions,
// by read and write, are in latency.csv.
#include <algorithm>
#include <array>

#include "harness/judge/derivation.hpp"
#include "harness/os/clock.hpp"

namespace tlbstorm::judge {
namespace {

using trial::Met;
using F = const TrialFacts&;
using W = const Window&;

/// Which accesses a figure is of.
enum class Of { hits, faults, major };

bool belongs(Of of, Met met) {
  switch (of) {
    case Of::hits:
      return met == Met::hit;
    case Of::faults:
      return met != Met::hit;
    case Of::major:
      return met == Met::major;
  }
  return false;
}

/// Those accesses together; nothing when there was none.
std::unique_ptr<trial::Histogram> gather(const trial::Latencies& latencies, Of of) {
  auto all = std::make_unique<trial::Histogram>();
  for (std::size_t i = 0; i < latencies.size(); ++i)
    if (belongs(of, trial::AccessClass(i).met)) all->merge(latencies[i]);
  return all->total() > 0 ? std::move(all) : nullptr;
}

constexpr std::array<const char*, 3> kNone{"no access hit", "no access faulted",
                                           "no access met a major fault"};

/// The share `PerTenThousand` of the accesses took no longer; 10000 is the longest.
template <Of of, int PerTenThousand>
Value latency(F facts, W) {
  const auto histogram = facts.result.latency ? gather(*facts.result.latency, of) : nullptr;
  if (!histogram) return absent(kNone[static_cast<std::size_t>(of)]);
  if (PerTenThousand == 10000) return static_cast<double>(histogram->max());
  return percentile(*histogram, PerTenThousand / 1e4);
}

constexpr auto kMetrics = std::to_array<Metric>({
    {"hit_latency_p50", "ns", Better::lower, "time of an access that did not fault, median",
     Scope::timing_accesses, false, &latency<Of::hits, 5000>},
    {"hit_latency_p99", "ns", Better::lower, "time of an access that did not fault, 99th percentile",
     Scope::timing_accesses, false, &latency<Of::hits, 9900>},
    {"fault_latency_p50", "ns", Better::lower, "time of an access that faulted, median",
     Scope::timing_accesses, false, &latency<Of::faults, 5000>},
    {"fault_latency_p90", "ns", Better::lower, "time of an access that faulted, 90th percentile",
     Scope::timing_accesses, false, &latency<Of::faults, 9000>},
    {"fault_latency_p99", "ns", Better::lower, "time of an access that faulted, 99th percentile",
     Scope::timing_accesses, false, &latency<Of::faults, 9900>},
    {"fault_latency_p99_9", "ns", Better::lower, "time of an access that faulted, 99.9th percentile",
     Scope::timing_accesses, false, &latency<Of::faults, 9990>},
    {"fault_latency_p99_99", "ns", Better::lower, "time of an access that faulted, 99.99th percentile",
     Scope::timing_accesses, false, &latency<Of::faults, 9999>},
    {"fault_latency_max", "ns", Better::lower, "the longest access that faulted", Scope::timing_accesses,
     false, &latency<Of::faults, 10000>},
    {"major_fault_latency_p50", "ns", Better::lower, "time of an access that waited for I/O, median",
     Scope::timing_accesses, false, &latency<Of::major, 5000>},
    {"major_fault_latency_p90", "ns", Better::lower, "time of an access that waited for I/O, 90th percentile",
     Scope::timing_accesses, false, &latency<Of::major, 9000>},
    {"major_fault_latency_p99", "ns", Better::lower, "time of an access that waited for I/O, 99th percentile",
     Scope::timing_accesses, false, &latency<Of::major, 9900>},
    {"major_fault_latency_p99_9", "ns", Better::lower,
     "time of an access that waited for I/O, 99.9th percentile", Scope::timing_accesses, false,
     &latency<Of::major, 9990>},
    {"major_fault_latency_p99_99", "ns", Better::lower,
     "time of an access that waited for I/O, 99.99th percentile", Scope::timing_accesses, false,
     &latency<Of::major, 9999>},
    {"major_fault_latency_max", "ns", Better::lower, "the longest access that waited for I/O",
     Scope::timing_accesses, false, &latency<Of::major, 10000>},
    {"longest_stall", "s", Better::lower,
     "longest time in which no worker finished an access; below the log's resolution it gives the resolution",
     Scope::timing_accesses, false,
     [](F f, W) -> Value {
       if (!f.result.longest_stall) return absent("not every worker timed its accesses");
       return os::to_seconds(std::max(*f.result.longest_stall, f.result.stall_resolution));
     }},
});

}  // namespace

std::span<const Metric> latency_metrics() { return kMetrics; }

}  // namespace tlbstorm::judge
