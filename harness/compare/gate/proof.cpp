// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/proof.hpp"

#include <algorithm>
#include <cmath>

#include "harness/stats/rank_tests.hpp"
#include "harness/stats/students_t.hpp"

namespace tlbstorm::compare {
namespace {

double smallest_p(const Evidence& evidence) {
  return evidence.paired ? stats::smallest_p_of_pairs(evidence.base.size(), stats::Tail::higher)
                         : stats::smallest_p(evidence.base.size(), evidence.next.size(), stats::Tail::higher);
}

double p_of_ranks(const Evidence& evidence, const Rule& rule, const Bound& bound) {
  const stats::Tail tail = rule.at_most ? stats::Tail::higher : stats::Tail::lower;
  const std::vector<double> at_bound = bound.moved(values_of(evidence.base)), next = values_of(evidence.next);
  if (!evidence.paired) return stats::mann_whitney(at_bound, next, tail).p;
  std::vector<double> differences;
  for (std::size_t i = 0; i < at_bound.size(); ++i) differences.push_back(next[i] - at_bound[i]);
  return stats::signed_rank(differences, tail).p;
}

/// Logarithms, turned so that what is beyond the bound is higher. Empty where a value has none.
std::vector<double> logs(const std::vector<double>& values, bool higher) {
  std::vector<double> all;
  for (const double value : values) {
    if (!(value > 0)) return {};
    all.push_back(higher ? std::log(value) : -std::log(value));
  }
  return all;
}

double range(const std::vector<double>& values) {
  const auto [low, high] = std::ranges::minmax(values);
  return high - low;
}

/// The chance that runs which are the same, but of two modes, come to lie apart in one direction, all of the
/// one mode on one side: the largest that p^base (1 - p)^next can be. No distance tells that from a change.
double p_of_two_modes(std::size_t base, std::size_t next) {
  const auto b = static_cast<double>(base), n = static_cast<double>(next);
  return std::pow(b / (b + n), b) * std::pow(n / (b + n), n);
}

/// 1 where the sides do not lie far apart.
double p_of_welch(const Evidence& evidence, const Rule& rule, const Bound& bound) {
  const std::vector<double> base = logs(bound.moved(values_of(evidence.base)), rule.at_most),
                            next = logs(values_of(evidence.next), rule.at_most);
  if (base.empty() || next.empty()) return 1;
  const double gap = std::ranges::min(next) - std::ranges::max(base);
  if (gap <= 0 || gap < kFarApart * std::max(range(base), range(next))) return 1;
  return std::min(1.0, kWelchIsStricter * stats::welch_higher(base, next));
}

Proof by_floor(const Evidence& evidence, const Floor& floor, const Rule& rule, const Bound& bound) {
  const double change =
      std::log(stats::median(values_of(evidence.next)) / stats::median(values_of(evidence.base)));
  const double excess = (change - std::log1p(bound.by)) * (rule.at_most ? 1 : -1);
  const std::size_t base = evidence.base.size(), next = evidence.next.size();
  constexpr double kOneSided = 0.005;
  const double margin = floor.margin(base, next, kOneSided);
  return {true,
          floor.p_of(excess, base, next),
          floor.text(),
          {std::expm1(change - margin), std::expm1(change + margin)}};
}

}  // namespace

Proof prove(const Evidence& evidence, const std::optional<Floor>& floor, const Rule& rule, const Bound& bound,
            double alpha, double share) {
  const std::size_t fewest = std::min(evidence.base.size(), evidence.next.size());
  const bool told = evidence.in_turn || evidence.paired;
  if (told && fewest > 0 && smallest_p(evidence) * share <= alpha)
    return {true, p_of_ranks(evidence, rule, bound)};
  if (told && !evidence.paired && p_of_two_modes(evidence.base.size(), evidence.next.size()) * share <= alpha)
    return {true, p_of_welch(evidence, rule, bound), "Welch's t"};
  constexpr std::size_t kEnough = 5;  // runs of both sides tell more of these than a floor does
  if (floor && fewest > 0 && !(told && fewest >= kEnough)) return by_floor(evidence, *floor, rule, bound);
  return {};
}

}  // namespace tlbstorm::compare
