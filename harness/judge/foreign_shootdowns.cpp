// SPDX-License-Identifier: Apache-2.0
// Flushes that others sent, by the tracepoint: in trials that carry it, the explaining ones. In the others a
// sender must run, so the load of others bounds them.
#include <fmt/format.h>

#include "harness/judge/derivation.hpp"
#include "harness/judge/found.hpp"
#include "harness/judge/limits.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::judge {

Found foreign_shootdowns(const TrialFacts& facts) {
  if (!facts.totals.has(column::kFlushesSent) || !facts.totals.has(column::kSentByTrial))
    return {os::Grade::not_applicable, "no tracepoint in this trial: foreign_load bounds them"};
  const Window& measured = facts.totals.phase(trial::Phase::measure);
  const Value all = growth(facts, measured, column::kFlushesSent),
              ours = plus(growth(facts, measured, column::kSentByTrial),
                          growth_if_kept(facts, measured, column::kSentByKswapd));
  if (!std::holds_alternative<double>(all)) return not_known(all);
  if (!std::holds_alternative<double>(ours)) return not_known(ours);
  const double sent = std::get<double>(all), by_others = std::max(0.0, sent - std::get<double>(ours));
  const std::string text = fmt::format("{:.0f} of {:.0f} flushes were sent by others", by_others, sent);
  constexpr double kFew = 32;  // of a machine that does nothing, in some seconds
  return {by_others > kMostForeign * sent + kFew ? os::Grade::warning : os::Grade::ok, text};
}

}  // namespace tlbstorm::judge
