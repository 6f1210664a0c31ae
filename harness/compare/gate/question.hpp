// SPDX-License-Identifier: Apache-2.0
// What a gate asks: a rule, a metric that it is for, and what is held against it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "harness/compare/gate/gate.hpp"
#include "harness/compare/gate/gross.hpp"
#include "harness/compare/ladder.hpp"

namespace tlbstorm::compare {

struct Question {
  const GatePair* pair;
  Rule rule;
  MetricInfo metric;
  double bound;
  // Of a relative rule:
  Evidence evidence = {};
  ValuesByRun base = {}, next = {};
  std::optional<Floor> floor = {};

  Bound limit() const { return {bound, metric.in_points()}; }
};

/// One for each metric of a pair that a rule is for. Throws os::UsageError when no side has such a metric, or
/// a relative rule has no base. They point to the pairs.
std::vector<Question> questions(std::span<const GatePair> pairs, const std::vector<Rule>& rules,
                                const GateOptions& options);

/// The primary metric of a pair, which a rule on kPrimary is for; empty where the other direction is.
std::string primary_of(const GatePair& pair, const Rule& rule);

/// By how many relative questions Holm's correction may multiply a p.
double share_of(const std::vector<Question>& all);

}  // namespace tlbstorm::compare
