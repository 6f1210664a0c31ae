// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "harness/compare/gate/relative.hpp"

namespace tlbstorm::compare {
namespace {

/// The question as it would be if all new values had changed by so much.
Question moved(Question question, const Bound& change) {
  for (std::vector<double>& values : question.next) values = change.moved(values);
  for (Unit& unit : question.evidence.next) unit.value = change.moved(unit.value);
  question.evidence.next_values = change.moved(question.evidence.next_values);
  return question;
}

/// As it would be had nothing changed: the spread of the new values around the base's median.
Question unchanged(const Question& question) {
  const double is = stats::median(question.evidence.next_values),
               was = stats::median(question.evidence.base_values);
  if (question.metric.in_points()) return moved(question, {was - is, true});
  return moved(question, {is != 0 ? (was - is) / std::abs(is) : 0, false});
}

/// The first of ever larger changes beyond the bound that the rule catches.
std::optional<double> first_caught(const Question& asked, double share, const GateOptions& options) {
  if (asked.evidence.next_values.empty() || asked.evidence.base_values.empty()) return std::nullopt;
  const Question same = unchanged(asked);
  constexpr double kStep = 1.05, kFirst = 0.001, kMost = 10;
  // NOLINTNEXTLINE(bugprone-float-loop-counter): in steps of a ratio
  for (double excess = kFirst; excess < kMost; excess *= kStep) {
    const double change = asked.bound + (asked.rule.at_most ? excess : -excess);
    if (change <= -1) break;
    const Question question = moved(same, {change, asked.metric.in_points()});
    Proof proof = proof_of(question, share, options);
    proof.p = std::min(1.0, proof.p * share);
    RuleResult result;
    result.rule = question.rule;
    result.metric = question.metric;
    result.bound = question.bound;
    judge_relative(question, proof, share, options, result);
    if (result.ruling == Ruling::fail) return change;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Sensitivity> self_test(std::span<const GatePair> pairs, const std::vector<Rule>& rules,
                                   const GateOptions& options) {
  std::vector<Rule> relative;
  for (const Rule& rule : rules)
    if (rule.relative) relative.push_back(rule);
  const std::vector<Question> all = questions(pairs, relative, options);
  std::vector<Sensitivity> found;
  for (const Question& question : all)
    found.push_back({question.pair->title, question.rule.text, question.metric.name, question.bound,
                     first_caught(question, share_of(all), options)});
  return found;
}

}  // namespace tlbstorm::compare
