// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/compare/gate/outcomes.hpp"
#include "harness/compare/gate/relative.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::compare {
namespace {

void judge_absolute(const Question& question, RuleResult& result) {
  result.next = stats::describe(question.pair->next->values(question.metric.name));
  if (result.next.n == 0) {
    result.why = why_none(*question.pair->next, "the new runs", question.metric.name);
    return;
  }
  const bool keeps = question.rule.keeps(result.next.median, question.bound);
  result.ruling = keeps ? Ruling::pass : Ruling::fail;
  result.why = fmt::format("the median of {} trial{} is {} {}", result.next.n, result.next.n == 1 ? "" : "s",
                           os::format_figure(result.next.median), result.metric.unit);
}

/// Whatever the figures say, no verdict on them is sure.
void make_unsure(const GatePair& pair, RuleResult& result) {
  std::string doubt = pair.next->doubt();
  if (doubt.empty() && pair.base != nullptr) doubt = pair.base->doubt();
  const bool differs = pair.base != nullptr && result.rule.relative &&
                       instrument_differs(*pair.base, *pair.next, result.metric);
  if (doubt.empty() && !differs) return;
  if (result.ruling != Ruling::unsure)
    result.why = fmt::format("{}; but {}", result.why, differs ? kInstrumentDiffers : doubt);
  result.ruling = Ruling::unsure;
}

}  // namespace

std::string_view name(Ruling ruling) {
  static constexpr std::array<std::string_view, 4> kNames{"pass", "FAIL", "unsure", "waived"};
  return kNames[static_cast<std::size_t>(ruling)];
}

os::Finding to_finding(const RuleResult& result) {
  static constexpr std::array<os::Grade, 4> kGrades{os::Grade::ok, os::Grade::failed, os::Grade::unknown,
                                                    os::Grade::warning};
  os::Finding finding{.id = result.title.empty() ? "" : result.title + ": ",
                      .grade = kGrades[static_cast<std::size_t>(result.ruling)],
                      .found = result.why,
                      .source = "docs/comparing.md"};
  finding.id += result.rule.text;
  if (result.rule.metric != result.metric.name) finding.id += fmt::format(" ({})", result.metric.name);
  return finding;
}

Ruling Gate::ruling() const {
  if (corrupted) return Ruling::fail;
  Ruling all = complete ? Ruling::pass : Ruling::unsure;
  for (const RuleResult& result : results) {
    if (result.ruling == Ruling::fail) return Ruling::fail;
    if (result.ruling == Ruling::unsure) all = Ruling::unsure;
  }
  return all;
}

Gate judge(std::span<const GatePair> pairs, const std::vector<Rule>& rules, const GateOptions& options) {
  const std::vector<Question> all = questions(pairs, rules, options);
  const std::vector<Proof> shown = proofs(all, options);
  Gate gate;
  for (const GatePair& pair : pairs)
    for (const Side* const side : {pair.base, pair.next})
      if (const std::string text = side == nullptr ? "" : side->corruption(); !text.empty()) {
        gate.corrupted |= side == pair.next;
        gate.notes.push_back(text);
      }
  for (const GatePair& pair : pairs)
    if (auto outcomes = judge_outcomes(pair)) gate.results.push_back(std::move(*outcomes));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Question& question = all[i];
    RuleResult result;
    result.title = question.pair->title;
    result.rule = question.rule;
    result.metric = question.metric;
    result.bound = question.bound;
    if (question.rule.relative)
      judge_relative(question, shown[i], share_of(all), options, result);
    else
      judge_absolute(question, result);
    make_unsure(*question.pair, result);
    gate.results.push_back(std::move(result));
  }
  const bool some_would_decide = std::ranges::any_of(all, [](const Question& one) {
    return one.rule.relative && !one.evidence.in_turn && !one.evidence.why_not().empty();
  });
  if (some_would_decide && gate.ruling() == Ruling::unsure) gate.notes.emplace_back(kMeasureInTurn);
  return gate;
}

}  // namespace tlbstorm::compare
