// SPDX-License-Identifier: Apache-2.0
// The dictionary of metrics: names, units, directions, meanings and formulas. The screen, trials.csv,
// `tlbstorm list` and results/README.md all come from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "harness/judge/totals.hpp"
#include "harness/machine/flush.hpp"
#include "harness/record/judgement.hpp"
#include "harness/trial/observation.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::judge {

using trial::Better;

/// What a trial left, to derive from.
struct TrialFacts {
  const Totals& totals;
  const trial::TrialResult& result;
  const trial::Definition& definition;
  const trial::Plan& plan;
  const machine::FlushFacts& flush;
  int online_cpus = 0;
};

/// A figure, or why there is none: absent is not zero.
using Value = std::variant<double, record::Absence>;

/// Which workloads a metric can be asked of.
enum class Scope {
  all,
  timed,       ///< those paced by time
  reclaiming,  ///< those in which pages are reclaimed
  reclaiming_for_a_time,
  swapping,         ///< those whose major faults come from swap
  timing_accesses,  ///< those that time single accesses
  bystanders,       ///< any, with --bystanders
  counting_bytes,   ///< those that keep counter::kBytes
  timing_reclaim,   ///< those that keep counter::kReclaimTime
  verifying,        ///< those that keep counter::kVerified
  kernel_counted,   ///< those whose reclaim the kernel counts, not they themselves
};

struct Metric {
  std::string_view name;
  std::string_view unit;
  Better better;
  std::string_view meaning;
  Scope scope;
  bool by_round;  ///< also given for each round of a workload that works in rounds
  Value (*derive)(const TrialFacts& facts, const Window& window);
};

std::span<const Metric> metrics();

/// All metrics of one trial that apply to its workload.
void derive(const TrialFacts& facts, record::Judgement& judgement);

/// Where pages_reclaimed comes from on this machine and for this workload.
std::string reclaim_source(const TrialFacts& facts);

/// What the share q of a histogram's times does not exceed, in nanoseconds.
double percentile(const trial::Histogram& histogram, double q);

}  // namespace tlbstorm::judge
