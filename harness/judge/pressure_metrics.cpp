// SPDX-License-Identifier: Apache-2.0
// What others pay: time that bystanders lost, and stalls.
#include <algorithm>
#include <array>

#include "harness/judge/derivation.hpp"
#include "harness/judge/scale.hpp"
#include "harness/os/clock.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::judge {
namespace {

using F = const TrialFacts&;
using W = const Window&;

/// A sum over the bystanders for each second that they ran.
template <typename Get>
Value per_bystander_second(F facts, Get get) {
  double sum = 0, seconds = 0;
  for (const trial::BystanderResult& bystander : facts.result.bystanders) {
    sum += get(bystander);
    seconds += os::to_seconds(bystander.measured.wall);
  }
  if (seconds <= 0) return absent("no bystander finished the measured phase");
  return sum / seconds;
}

Value psi(F facts, W window, const char* column) {
  return ratio(growth(facts, window, column), window.seconds * 1e6, "no time was measured");
}

constexpr auto kMetrics = std::to_array<Metric>({
    {"bystander_lost_time", kShare, Better::lower,
     "share of a bystander's time that it lost: the sum of the gaps between its clock reads",
     Scope::bystanders, false,
     [](F f, W) {
       return per_bystander_second(f, [](const trial::BystanderResult& b) { return os::to_seconds(b.lost); });
     }},
    {"bystander_gaps", "gaps/s", Better::lower, "gaps above --gap-threshold in a bystander's second",
     Scope::bystanders, false,
     [](F f, W) {
       return per_bystander_second(
           f, [](const trial::BystanderResult& b) { return static_cast<double>(b.gaps); });
     }},
    {"bystander_gap_p50", "ns", Better::lower, "length of a bystander's gap, median", Scope::bystanders,
     false,
     [](F f, W) -> Value {
       if (!f.result.gaps || f.result.gaps->total() == 0) return absent("no gap was above the threshold");
       return percentile(*f.result.gaps, 0.5);
     }},
    {"bystander_gap_max", "ns", Better::lower, "the longest gap of any bystander", Scope::bystanders, false,
     [](F f, W) -> Value {
       if (!f.result.gaps || f.result.gaps->total() == 0) return absent("no gap was above the threshold");
       return static_cast<double>(f.result.gaps->max());
     }},
    {metric::kMemoryStallSome, kShare, Better::lower,
     "share of time in which some task waited for memory (PSI)", Scope::all, false,
     [](F f, W w) { return psi(f, w, column::kMemorySome); }},
    {"memory_stall_full", kShare, Better::lower, "share of time in which all tasks waited for memory (PSI)",
     Scope::all, false, [](F f, W w) { return psi(f, w, column::kMemoryFull); }},
});

}  // namespace

std::span<const Metric> pressure_metrics() { return kMetrics; }

}  // namespace tlbstorm::judge
