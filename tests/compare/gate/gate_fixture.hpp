// SPDX-License-Identifier: Apache-2.0
// Gates of runs that a test makes up, each trial a run of its own, both sides in turn.
#pragma once

#include "harness/compare/gate/gate.hpp"
#include "tests/compare/made_sides.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {

class GateTest : public test::MadeRunsTest {
 protected:
  Gate judged(const test::MadeRun& base, const test::MadeRun& next, const std::vector<std::string>& rules,
              const GateOptions& options = {}) const {
    const auto [before, after] =
        test::in_turn(read_side("base", {put("base", base)}), read_side("new", {put("new", next)}));
    const GatePair pair{"", &before, &after};
    return judge(std::span(&pair, 1), parsed(rules), options);
  }
  RuleResult of_ipis(const test::Values& base, const test::Values& next, const std::string& bound,
                     const GateOptions& options = {}) const {
    return judged(test::run_of_ipis(base), test::run_of_ipis(next), {"ipis_per_page " + bound}, options)
        .results.at(0);
  }
  RuleResult alone(const test::MadeRun& next, const std::string& rule) const {
    const Side after = read_side("new", {put("new", next)});
    const GatePair pair{"", nullptr, &after};
    return judge(std::span(&pair, 1), parsed({rule}), {}).results.at(0);
  }
  static std::vector<Rule> parsed(const std::vector<std::string>& texts) {
    std::vector<Rule> rules;
    for (const std::string& text : texts) rules.push_back(parse_rule(text));
    return rules;
  }
};

}  // namespace tlbstorm::compare
