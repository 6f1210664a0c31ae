// SPDX-License-Identifier: Apache-2.0
// The parts that metrics are derived with: values of columns, or the reason why there is none.
#pragma once

#include <string>

#include "harness/judge/metrics.hpp"

namespace tlbstorm::judge {

Value absent(std::string reason);

/// How much a column grew in a window; if that is not known, why: its probe is absent or was left out, the
/// kernel has no such counter, or it fell, or could not be read where the window begins or ends.
Value growth(const TrialFacts& facts, const Window& window, const std::string& column);
/// The reason alone.
Value missing(const TrialFacts& facts, const std::string& column);
/// Of a counter that only some kernels keep: 0 where this one does not, but reads others of the same probe.
Value growth_if_kept(const TrialFacts& facts, const Window& window, const std::string& column);
/// The mean of a gauge in a window.
Value mean(const TrialFacts& facts, const Window& window, const std::string& column);
/// The same of a counter of the workload's own.
Value own_counter(const TrialFacts& facts, const Window& window, const char* name);

/// Both, or the reason of the first that is not known.
Value plus(const Value& a, const Value& b);
Value minus(const Value& a, const Value& b);
/// For a difference of counters that are not read at the same moment.
Value not_below_zero(const Value& value);
Value per_second(const Value& value, const Window& window);
/// `nothing` is the reason when the whole is zero.
Value ratio(const Value& part, const Value& whole, const char* nothing);
/// The same for each page or operation: of a few of them it would tell of chance.
Value for_each(const Value& part, const Value& whole, const char* nothing);

Value tlb_ipis(const TrialFacts& facts, const Window& window);

// The chapters of the dictionary, each in a file of its own, in the order in which they are shown.
std::span<const Metric> reclaim_metrics();
std::span<const Metric> work_metrics();
std::span<const Metric> latency_metrics();
std::span<const Metric> pressure_metrics();
std::span<const Metric> cause_metrics();

}  // namespace tlbstorm::judge
