// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/sequential.hpp"

#include <algorithm>

#include "harness/trial/metric_names.hpp"

namespace tlbstorm::compare {

Look look(std::size_t k, double alpha) {
  constexpr std::size_t kFirst = 8;  // the fewest pairs whose best p is below half of an alpha of 5%
  std::size_t pairs = kFirst;
  for (std::size_t i = 1; i < k; ++i) pairs += pairs / 2;
  return {pairs, alpha / static_cast<double>(k * (k + 1))};
}

std::vector<MetricChange> answers(const Side& base, const Side& next, const std::vector<std::string>& metrics,
                                  const Look& look, double same_within) {
  ComparisonOptions options;
  options.paired = true;
  options.same_within = same_within;
  options.alpha = look.alpha / static_cast<double>(std::max<std::size_t>(1, metrics.size()));
  std::vector<MetricChange> all;
  for (const std::string& metric : metrics) {
    Evidence pairs = evidence_of(base, next, metric, true);
    const auto known = std::find_if(base.metrics().begin(), base.metrics().end(),
                                    [&](const MetricInfo& one) { return one.name == metric; });
    if (known != base.metrics().end() && !pairs.base_values.empty())
      all.push_back(
          compare_values(*known, std::move(pairs.base_values), std::move(pairs.next_values), options));
    if (!all.empty() && (!base.doubt().empty() || !next.doubt().empty()))
      all.back().verdict = Verdict::unsure;
  }
  return all;
}

bool settled(const std::vector<MetricChange>& answers) {
  return !answers.empty() && std::none_of(answers.begin(), answers.end(), [](const MetricChange& one) {
    return one.verdict == Verdict::unsure;
  });
}

std::vector<std::string> questions_of(const Side& side) {
  std::vector<std::string> wanted;
  if (const auto& figures = side.manifest().workload.figures; !figures.empty())
    wanted.push_back(figures.front().name);
  wanted.insert(wanted.end(), {metric::kIpisPerPage, metric::kIpisPerOperation, metric::kThroughput});
  std::vector<std::string> there;
  for (const std::string& metric : wanted)
    if (std::any_of(side.metrics().begin(), side.metrics().end(),
                    [&](const MetricInfo& one) { return one.name == metric; }))
      there.push_back(metric);
  return there;
}

}  // namespace tlbstorm::compare
