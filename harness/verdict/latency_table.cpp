// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/latency_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "harness/os/text.hpp"
#include "harness/os/units.hpp"
#include "harness/trial/access.hpp"
#include "harness/verdict/statistics/buckets.hpp"

namespace tlbstorm::verdict {
namespace {

using record::LatencyRow;
using record::RunFolder;

bool any_valid(const RunFolder& run) {
  return std::any_of(run.latencies.begin(), run.latencies.end(),
                     [&](const LatencyRow& row) { return run.valid(row.trial); });
}

/// Buckets of one class in the order of their times.
std::vector<Bucket> pool(const RunFolder& run, std::string_view access, std::string_view met, bool valid) {
  std::map<double, Bucket> buckets;
  for (const LatencyRow& row : run.latencies) {
    if (row.access != access || row.met != met || (valid && !run.valid(row.trial))) continue;
    Bucket& bucket = buckets.try_emplace(row.from_ns, Bucket{row.from_ns, 0, 0}).first->second;
    bucket.to = std::max(bucket.to, row.to_ns);  // in the trial whose longest time it holds it ends there
    bucket.count += row.count;
  }
  std::vector<Bucket> sorted;
  for (const auto& [from, bucket] : buckets) sorted.push_back(bucket);
  return sorted;
}

std::string time_text(double ns) {
  // Three digits that matter: the buckets give no more.
  return ns < 1e3 ? fmt::format("{:.0f} ns", ns)
                  : os::format_duration(os::Nanoseconds{static_cast<std::int64_t>(ns)});
}

std::string row_of(const std::vector<Bucket>& buckets, bool& few) {
  constexpr std::array<double, 5> kQuantiles{0.5, 0.9, 0.99, 0.999, 0.9999};
  const double count = count_of_buckets(buckets);
  std::string out = fmt::format("{:>11}", os::format_figure(count));
  for (const double q : kQuantiles) {
    const bool marked = rests_on_few(count, q);
    few = few || marked;
    out += fmt::format("{:>11}", time_text(quantile_of_buckets(buckets, q)) + (marked ? kFewMark : ""));
  }
  return out + fmt::format("{:>11}\n", time_text(buckets.back().to - 1));
}

/// What was subtracted from every time: the largest of all trials.
std::string timing_overhead(const RunFolder& run) {
  std::int64_t most = 0;
  for (const auto& trial : run.manifest["trials"])
    most = std::max(most, trial.value("timing_overhead_ns", std::int64_t{0}));
  return fmt::format("  taking a time costs {} ns: measured, and subtracted from every one of them\n", most);
}

}  // namespace

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
  const bool valid_only = any_valid(run);
  return std::any_of(counts.begin(), counts.end(), [&](const auto& trial) {
    return (!valid_only || run.valid(trial.first)) && rests_on_few(trial.second, *share / 100);
  });
}

std::string latency_table(const RunFolder& run) {
  const bool valid_only = any_valid(run);
  std::string out;
  bool few = false;
  for (const std::string_view access : trial::kAccessNames)
    for (const std::string_view met : trial::kMetNames)
      if (const std::vector<Bucket> buckets = pool(run, access, met, valid_only); !buckets.empty())
        out += fmt::format("  {:<7}{:<7}{}", access, met, row_of(buckets, few));
  if (out.empty()) return out;
  if (few) out += fmt::format("  {} {}\n", kFewMark, kFewNote);
  out += timing_overhead(run);
  return fmt::format("\n  {:<7}{:<7}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}\n", "access", "met", "count",
                     "p50", "p90", "p99", "p99.9", "p99.99", "max") +
         out;
}

}  // namespace tlbstorm::verdict
