// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "harness/compare/gate/gate.hpp"
#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::compare {
namespace {

bool is_for(std::string_view rule, const RuleResult& result) {
  if (const std::string run = result.title + ": "; !result.title.empty() && rule.starts_with(run))
    rule.remove_prefix(run.size());
  return rule == result.rule.text || rule == result.metric.name;
}

/// The bound has a "=" in it, too: the rule ends at the first one before which there is a rule.
bool waive_one(std::string_view waiver, Gate& gate) {
  for (std::size_t at = waiver.find('='); at != std::string_view::npos; at = waiver.find('=', at + 1)) {
    const std::string_view rule = os::trim(waiver.substr(0, at)), reason = os::trim(waiver.substr(at + 1));
    bool found = false;
    for (RuleResult& result : gate.results) {
      if (!is_for(rule, result) || reason.empty()) continue;
      found = true;
      if (result.ruling == Ruling::pass) continue;
      result.why = fmt::format("waived, as {}; it is {}: {}", reason, name(result.ruling), result.why);
      result.ruling = Ruling::waived;
    }
    if (found) return true;
  }
  return false;
}

}  // namespace

void waive(const std::vector<std::string>& waivers, Gate& gate) {
  for (const std::string& waiver : waivers) {
    if (waive_one(waiver, gate)) continue;
    std::string rules;
    for (const RuleResult& result : gate.results)
      rules += fmt::format("{}'{}'", rules.empty() ? "" : ", ", result.rule.text);
    throw os::UsageError("--waive", waiver, "there is no such rule, or no reason is given",
                         fmt::format("write RULE=REASON; the rules are {}", rules));
  }
}

}  // namespace tlbstorm::compare
