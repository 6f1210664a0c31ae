// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/question.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::compare {
namespace {

/// What either side of a pair has.
std::vector<MetricInfo> metrics_of(const GatePair& pair) {
  std::vector<MetricInfo> all = pair.next->metrics();
  if (pair.base != nullptr)
    for (const MetricInfo& metric : pair.base->metrics())
      if (std::none_of(all.begin(), all.end(),
                       [&](const MetricInfo& known) { return known.name == metric.name; }))
        all.push_back(metric);
  return all;
}

[[noreturn]] void refuse_metric(const Rule& rule, std::span<const GatePair> pairs) {
  std::vector<std::string> names;
  for (const GatePair& pair : pairs)
    for (const MetricInfo& metric : metrics_of(pair)) names.push_back(metric.name);
  const std::string near = os::nearest(rule.metric, names);
  throw os::UsageError("--rule", rule.text, fmt::format("the runs have no metric {}", rule.metric),
                       near.empty() ? "see: tlbstorm list metrics; tlbstorm report tells why one is absent"
                                    : fmt::format("did you mean {}?", near));
}

/// Where there are too few runs of a side: how far runs of the same lie apart on that machine.
std::optional<Floor> floor_of(const GatePair& pair, const Evidence& evidence, const MetricInfo& metric,
                              const Floors& floors) {
  if (evidence.paired || evidence.rung == Rung::machine || metric.in_points()) return std::nullopt;
  return floors.find(*pair.base, *pair.next, metric.name, evidence.rung);
}

bool is_for(const Rule& rule, const GatePair& pair, const std::string& metric) {
  return rule.metric == kPrimary ? primary_of(pair, rule) == metric : wanted({rule.metric}, metric);
}

/// With the name of what it stands for.
Rule named(Rule rule, const std::string& metric) {
  if (rule.metric != kPrimary) return rule;
  rule.metric = metric;
  rule.text = fmt::format("{} {} {}", metric, rule.at_most ? "<=" : ">=", rule.bound);
  return rule;
}

void ask(const GatePair& pair, const Rule& rule, const GateOptions& options, std::vector<Question>& all) {
  for (const MetricInfo& metric : metrics_of(pair)) {
    if (!is_for(rule, pair, metric.name)) continue;
    if (rule.relative && pair.base == nullptr)
      throw os::UsageError("--rule", rule.text, "is a change, and there is no base", "name the base first");
    Question question{&pair, named(rule, metric.name), metric, rule.bound_in(metric.unit)};
    if (rule.relative) {
      question.evidence = evidence_of(*pair.base, *pair.next, metric.name, options.paired);
      question.base = pair.base->values_by_run(metric.name);
      question.next = pair.next->values_by_run(metric.name);
      question.floor = floor_of(pair, question.evidence, metric, options.floors);
    }
    all.push_back(std::move(question));
  }
}

}  // namespace

std::string primary_of(const GatePair& pair, const Rule& rule) {
  const std::string& primary = pair.next->manifest().workload.primary;
  for (const MetricInfo& metric : metrics_of(pair))
    if (metric.name == primary && (metric.better == trial::Better::lower) == rule.at_most) return primary;
  return "";
}

std::vector<Question> questions(std::span<const GatePair> pairs, const std::vector<Rule>& rules,
                                const GateOptions& options) {
  std::vector<Question> all;
  for (const Rule& rule : rules) {
    const std::size_t before = all.size();
    for (const GatePair& pair : pairs) ask(pair, rule, options, all);
    if (all.size() == before) refuse_metric(rule, pairs);
  }
  return all;
}

double share_of(const std::vector<Question>& all) {
  return static_cast<double>(
      std::ranges::count_if(all, [](const Question& one) { return one.rule.relative; }));
}

}  // namespace tlbstorm::compare
