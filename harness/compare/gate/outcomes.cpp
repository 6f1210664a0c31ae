// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/outcomes.hpp"

#include <fmt/format.h>

#include "harness/compare/change_text.hpp"
#include "harness/stats/fisher.hpp"

namespace tlbstorm::compare {

std::optional<RuleResult> judge_outcomes(const GatePair& pair) {
  const Ends next = pair.next->ends(), base = pair.base == nullptr ? Ends{} : pair.base->ends();
  if (next.unexpected == 0) return std::nullopt;
  RuleResult result;
  result.title = pair.title;
  result.rule = {.text = kOutcomes, .metric = kOutcomes, .at_most = true, .relative = false, .bound = ""};
  result.metric = {kOutcomes, "", trial::Better::neither};
  result.p = stats::p_of_more({base.unexpected, base.ended}, {next.unexpected, next.ended});
  result.why = fmt::format("{} of {} new {} ended otherwise than expected ({})", next.unexpected, next.ended,
                           next.of, next.how);
  if (pair.base == nullptr) return result;
  result.why += fmt::format("; of the base {} of {}: {}", base.unexpected, base.ended, format_p(result.p));
  if (result.p <= kOutcomeAlpha)
    result.ruling = Ruling::fail;
  else if (base.unexpected > 0)
    result.ruling = Ruling::pass;
  return result;
}

}  // namespace tlbstorm::compare
