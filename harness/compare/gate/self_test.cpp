// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "harness/compare/gate/relative.hpp"

namespace tlbstorm::compare {
namespace {

/// The question as it would be if all new values were so many times as large.
Question scaled(Question question, double times) {
  const auto scale = [&](std::vector<double>& values) {
    for (double& value : values) value *= times;
  };
  for (std::vector<double>& values : question.next) scale(values);
  for (Unit& unit : question.evidence.next) unit.value *= times;
  scale(question.evidence.next_values);
  return question;
}

/// The first of ever larger changes beyond the bound that the rule catches.
std::optional<double> first_caught(const Question& asked, double share, const GateOptions& options) {
  const double level = stats::median(asked.evidence.next_values),
               wanted_level = stats::median(asked.evidence.base_values);
  if (std::isnan(level) || std::isnan(wanted_level)) return std::nullopt;
  // As the new values would be had nothing changed: their own spread around the base's median.
  const Question unchanged = scaled(asked, level != 0 ? wanted_level / level : 1);
  constexpr double kStep = 1.05, kFirst = 0.001, kMost = 10;
  // NOLINTNEXTLINE(bugprone-float-loop-counter): in steps of a ratio
  for (double excess = kFirst; excess < kMost; excess *= kStep) {
    const double change = asked.bound + (asked.rule.at_most ? excess : -excess);
    if (change <= -1) break;
    const Question question = scaled(unchanged, 1 + change);
    Proof proof = proof_of(question, share, options);
    proof.p = std::min(1.0, proof.p * share);
    RuleResult result;
    result.rule = question.rule;
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
