// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/latencies.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "harness/os/text.hpp"
#include "harness/stats/buckets.hpp"

namespace tlbstorm::judge {

using record::LatencyRow;
using record::RunFolder;

bool any_valid_latency(const RunFolder& run) {
  return std::any_of(run.latencies.begin(), run.latencies.end(),
                     [&](const LatencyRow& row) { return run.valid(row.trial); });
}

bool rests_on_few(const RunFolder& run, std::string_view metric) {
  constexpr std::string_view kMiddle = "_latency_p";
  const std::size_t at = metric.find(kMiddle);
  if (at == std::string_view::npos) return false;
  const std::string_view of = metric.substr(0, at);
  std::string percent(metric.substr(at + kMiddle.size()));  // "99_9"
  std::replace(percent.begin(), percent.end(), '_', '.');
  const auto share = os::to_real(percent);
  if (!share) return false;
  std::map<int, double> counts;
  for (const LatencyRow& row : run.latencies)
    if (of == "hit" ? row.met == "hit" : of == "fault" ? row.met != "hit" : row.met == "major")
      counts[row.trial] += row.count;
  const bool valid_only = any_valid_latency(run);
  return std::any_of(counts.begin(), counts.end(), [&](const auto& trial) {
    return (!valid_only || run.valid(trial.first)) && stats::rests_on_few(trial.second, *share / 100);
  });
}

}  // namespace tlbstorm::judge
