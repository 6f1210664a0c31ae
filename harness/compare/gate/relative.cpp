// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/relative.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/compare/change_text.hpp"
#include "harness/judge/sample_digest.hpp"
#include "harness/os/units.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/schema.hpp"
#include "harness/stats/power.hpp"

namespace tlbstorm::compare {
namespace {

/// The fewest units a side, or pairs, whose ranks could fail it.
std::size_t fewest_units(const Evidence& evidence, double share, const GateOptions& options) {
  std::size_t units = 2;
  while ((evidence.paired ? stats::smallest_p_of_pairs(units, stats::Tail::higher)
                          : stats::smallest_p(units, units, stats::Tail::higher)) *
             share >
         options.alpha)
    ++units;
  return units;
}

std::string bound_text(const RuleResult& result) {
  return format_change(result.bound, result.metric.in_points());
}

/// A base of zero has no part to tell a change by.
std::string change_text(const RuleResult& result) {
  if (!std::isnan(result.change))
    return fmt::format("changed by {} ({})", format_change(result.change, result.metric.in_points()),
                       format_interval(result.interval, result.metric.in_points()));
  return fmt::format("was {} and is {} (medians)", os::format_figure(result.base.median),
                     os::format_figure(result.next.median));
}

/// Whether the interval lies on one side of the bound as a whole.
bool lies_beyond(const RuleResult& result) {
  return result.rule.at_most ? result.interval.low > result.bound : result.interval.high < result.bound;
}
bool lies_within(const RuleResult& result) {
  constexpr double kRounding = 1e-9;  // 105 is 5% more than 100, and a bit more than that in floating point
  return result.rule.at_most ? result.interval.high <= result.bound + kRounding
                             : result.interval.low >= result.bound - kRounding;
}
/// Where there is no interval, as the base is zero: the values themselves.
bool all_keep(const Question& question) {
  const std::vector<double> at_bound = question.limit().moved(question.evidence.base_values);
  return std::ranges::all_of(question.evidence.next_values, [&](double value) {
    return std::ranges::all_of(at_bound, [&](double limit) { return question.rule.keeps(value, limit); });
  });
}

/// A floor never narrows an interval.
stats::Interval hull(const stats::Interval& one, const stats::Interval& other) {
  if (std::isnan(one.low)) return other;
  if (std::isnan(other.low)) return one;
  return {std::min(one.low, other.low), std::max(one.high, other.high)};
}

/// About how many units a side tell a change of the bound's size from none, where there are fewer.
std::string units_needed(const Question& question, const RuleResult& result) {
  const double cv = std::max(result.base.cv, result.next.cv);
  if (!question.evidence.decides() || std::isnan(cv) || question.bound == 0 || question.metric.in_points())
    return "";
  const std::size_t needed = stats::trials_needed(std::abs(question.bound), cv);
  constexpr std::size_t kHopeless = 1000;
  if (needed <= std::min(result.base.n, result.next.n) || needed > kHopeless) return "";
  return fmt::format("; about {} {}s a side would tell", needed, name(question.evidence.rung));
}

/// Why it is neither kept nor broken.
std::string why_unsure(const Question& question, const Proof& proof, double share, const GateOptions& options,
                       const RuleResult& result) {
  const Evidence& evidence = question.evidence;
  if (proof.possible)
    return fmt::format("which is not clear of {}{}", bound_text(result), units_needed(question, result));
  std::string why = lies_beyond(result) ? fmt::format("beyond {}, but ", bound_text(result)) : "";
  if (const std::string not_in_turn = evidence.in_turn ? "" : evidence.why_not(); !not_in_turn.empty())
    why += not_in_turn;
  else
    why += fmt::format("{}, could never fail this gate; {} could", evidence.text(),
                       fewest_units(evidence, share, options));
  if (question.pair->base->only_explained(question.metric.name) ||
      question.pair->next->only_explained(question.metric.name))
    why += "; only explaining trials count it: measure with --explain all";
  return why;
}

}  // namespace

std::string why_none(const Side& side, std::string_view who, const std::string& metric) {
  const auto sampled = [](const record::RunFolder& run) {
    return record::may_be_there(run.path / record::kSamplesFile);
  };
  if (side.has(metric) || side.valid_trials() == 0) return fmt::format("no valid trial of {} has it", who);
  if (judge::is_column(metric) && std::none_of(side.runs().begin(), side.runs().end(), sampled))
    return fmt::format("no counters are kept of {}: a baseline has no {}", who, record::kSamplesFile);
  return fmt::format("{} did not measure it: tlbstorm report may say why", who);
}

Proof proof_of(const Question& question, double share, const GateOptions& options) {
  return prove(question.evidence, question.floor, question.rule, question.limit(), options.alpha, share);
}

std::vector<Proof> proofs(const std::vector<Question>& all, const GateOptions& options) {
  const double share = share_of(all);
  std::vector<Proof> proofs(all.size());
  std::vector<double> raw;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].rule.relative) raw.push_back((proofs[i] = proof_of(all[i], share, options)).p);
  const std::vector<double> corrected = stats::holm(raw);
  std::size_t next = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].rule.relative) proofs[i].p = corrected[next++];
  return proofs;
}

void judge_relative(const Question& question, const Proof& proof, double share, const GateOptions& options,
                    RuleResult& result) {
  const Evidence& evidence = question.evidence;
  result.base = stats::describe(evidence.base_values);
  result.next = stats::describe(evidence.next_values);
  result.p = proof.p;
  result.rung = evidence.text();
  if (result.base.n == 0 || result.next.n == 0) {
    result.why = result.base.n == 0 ? why_none(*question.pair->base, "the base", question.metric.name)
                                    : why_none(*question.pair->next, "the new runs", question.metric.name);
    return;
  }
  ComparisonOptions how;
  how.paired = evidence.paired;
  const MetricChange change =
      compare_values(question.metric, evidence.base_values, evidence.next_values, how);
  result.change = change.change;
  result.interval = hull(change.interval, proof.interval);
  const bool has_interval = !std::isnan(result.interval.low) && !std::isnan(result.interval.high);
  const bool is_nothing = question.rule.keeps(0, question.bound) &&
                          std::abs(result.next.median - result.base.median) < question.metric.least_change();
  const auto gross =
      gross_change(question.base, question.next, question.metric, question.rule, question.bound);
  if (is_nothing) {
    result.ruling = Ruling::pass;
    result.why = fmt::format("was {} and is {} (medians): less than {} {} is nothing",
                             os::format_figure(result.base.median), os::format_figure(result.next.median),
                             question.metric.least_change(), question.metric.unit);
  } else if (gross ||
             (proof.possible && result.p <= options.alpha && (!has_interval || lies_beyond(result)))) {
    result.ruling = Ruling::fail;
    result.why = fmt::format("{}, beyond {}", change_text(result), bound_text(result));
    if (gross) result.why += "; " + *gross;
  } else if (has_interval ? lies_within(result) : all_keep(question) && proof.possible) {
    result.ruling = Ruling::pass;
    result.why = fmt::format("{}, within {}", change_text(result), bound_text(result));
  } else {
    result.why =
        fmt::format("{}, {}", change_text(result), why_unsure(question, proof, share, options, result));
    return;
  }
  result.why +=
      fmt::format("; {}{}{}", result.rung, proof.how.empty() || gross ? "" : ", by ", gross ? "" : proof.how);
}

}  // namespace tlbstorm::compare
