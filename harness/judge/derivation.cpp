// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/derivation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/probe/column_names.hpp"

namespace tlbstorm::judge {

Value absent(std::string reason) { return record::Absence{"", std::move(reason)}; }

Value missing(const TrialFacts& facts, const std::string& column) {
  const std::string probe = column.substr(0, column.find('.'));
  const auto among = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), probe) != names.end();
  };
  if (among(facts.result.sampling.for_explaining)) return absent(record::kOnlyExplaining);
  if (facts.totals.fell(column))
    return absent(fmt::format("{} fell while the trial ran: how much it grew is not known", column));
  if (facts.totals.has(column))
    return absent(fmt::format("{} could not be read where the measured phase began or ended", column));
  for (const trial::AbsentProbe& candidate : facts.result.sampling.absent)
    if (candidate.name == probe) return absent(candidate.why.reason);
  for (const trial::ProbeReading& reading : facts.result.sampling.readings)
    if (reading.name == probe && probe == "perf")
      return absent("the CPU has no counters here, or they are not among --events");
    else if (reading.name == probe)
      return absent(fmt::format("this kernel has no counter {}", column));
  return absent(fmt::format("the probe {} was left out by {}", probe,
                            among(facts.plan.disturbing_probes) ? "--explain none" : "--probes"));
}

Value growth(const TrialFacts& facts, const Window& window, const std::string& column) {
  if (const auto value = facts.totals.growth(window, column)) return *value;
  return missing(facts, column);
}

Value growth_if_kept(const TrialFacts& facts, const Window& window, const std::string& column) {
  const bool kept = facts.totals.has(column) || !facts.totals.has_any_of(column.substr(0, column.find('.')));
  return kept ? growth(facts, window, column) : Value(0.0);
}

Value mean(const TrialFacts& facts, const Window& window, const std::string& column) {
  if (const auto value = facts.totals.mean(window, column)) return *value;
  return facts.totals.has(column) ? absent(fmt::format("{} could not be read while it was measured", column))
                                  : missing(facts, column);
}

Value own_counter(const TrialFacts& facts, const Window& window, const char* name) {
  return growth(facts, window, column::of_workload(name));
}

Value plus(const Value& a, const Value& b) {
  if (!std::holds_alternative<double>(a)) return a;
  if (!std::holds_alternative<double>(b)) return b;
  return std::get<double>(a) + std::get<double>(b);
}

Value minus(const Value& a, const Value& b) {
  const auto* const less = std::get_if<double>(&b);
  return plus(a, less == nullptr ? b : Value(-*less));
}

Value not_below_zero(const Value& value) {
  const auto* const number = std::get_if<double>(&value);
  return number == nullptr ? value : Value(std::max(0.0, *number));
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

Value for_each(const Value& part, const Value& whole, const char* nothing) {
  constexpr double kLeast = 32;
  const auto* const count = std::get_if<double>(&whole);
  if (count != nullptr && *count > 0 && *count < kLeast)
    return absent(fmt::format("there were only {:.0f} to count it by: less than {:.0f}", *count, kLeast));
  return ratio(part, whole, nothing);
}

Value tlb_ipis(const TrialFacts& facts, const Window& window) {
  if (facts.flush.method == machine::FlushMethod::broadcast && !facts.flush.has_tlb_row)
    return absent(facts.flush.text);
  return growth(facts, window, column::kTlbInterrupts);
}

}  // namespace tlbstorm::judge
