// SPDX-License-Identifier: Apache-2.0
// Whether new runs keep to rules: pass, fail, or not enough evidence for either.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/compare/comparison.hpp"
#include "harness/compare/floor.hpp"
#include "harness/compare/gate/rule.hpp"
#include "harness/os/finding.hpp"

namespace tlbstorm::compare {

enum class Ruling { pass, fail, unsure, waived };
std::string_view name(Ruling ruling);

/// Of false alarms of all rules of a gate together.
inline constexpr double kGateAlpha = 0.01;

/// Two sides to be judged; of a suite or sweep one for each run that both have.
struct GatePair {
  std::string title;           ///< the run's name; empty where there is but one
  const Side* base = nullptr;  ///< none: rules can only be absolute
  const Side* next = nullptr;
};

/// What became of one rule for one metric.
struct RuleResult {
  std::string title;  ///< the pair's
  Rule rule;
  MetricInfo metric;
  double bound = 0;  ///< in the metric's unit, or as a part of the base
  Ruling ruling = Ruling::unsure;
  stats::Description base, next;                             ///< base: of relative rules
  double change = std::numeric_limits<double>::quiet_NaN();  ///< of relative rules, and its interval
  stats::Interval interval{std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::quiet_NaN()};
  std::string rung;  ///< of the ladder of evidence, on which it stands: "8 runs a side, in turn"
  double p = 1;      ///< that so much beyond the bound comes by chance, corrected over the rules (Holm)
  std::string why;   ///< one line
};

/// The same as a finding: pass is ok, FAIL failed, unsure unknown, waived a warning.
os::Finding to_finding(const RuleResult& result);

struct GateOptions {
  double alpha = kGateAlpha;
  bool paired = false;
  Floors floors = {};
};

struct Gate {
  std::vector<RuleResult> results;
  std::vector<std::string> notes;
  bool complete = true;    ///< no run of the base is missing among the new ones
  bool corrupted = false;  ///< pages came back wrong in the new runs
  /// Fail if corrupted or any failed, else unsure if any is unsure or something is missing. What is waived
  /// does not count.
  Ruling ruling() const;
};

/// Takes rules out of the verdict: "RULE=REASON", of which the rule is a metric's name or a rule as it is
/// printed, with the run's name before it or without. They are told all the same, with the reason. Throws
/// os::UsageError where a waiver has no reason, or is for no rule of the gate.
void waive(const std::vector<std::string>& waivers, Gate& gate);

/// A relative rule fails when the exact interval of the change lies beyond the bound, and a test of the base
/// moved by the bound against the new values says so too (proof.hpp), at an alpha corrected over all rules
/// (Holm), on the highest rung that differs between the sides; it passes when the interval lies within. An
/// absolute rule goes by the median. Throws os::UsageError when no side has a metric of that name, or a
/// relative rule has no base.
Gate judge(std::span<const GatePair> pairs, const std::vector<Rule>& rules, const GateOptions& options);

/// The smallest change that a rule is shown to catch on these data.
struct Sensitivity {
  std::string title, rule, metric;
  double bound = 0;
  std::optional<double>
      caught_from;  ///< an injected change; nothing when none up to ten times the base was caught
};

/// Shows that the relative rules can fail: moves the new values to the base's median, injects changes that
/// grow beyond each rule's bound, and finds the first from which on it fails.
std::vector<Sensitivity> self_test(std::span<const GatePair> pairs, const std::vector<Rule>& rules,
                                   const GateOptions& options);

}  // namespace tlbstorm::compare
