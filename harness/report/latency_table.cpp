// SPDX-License-Identifier: Apache-2.0
#include "harness/report/latency_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "harness/judge/latencies.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"
#include "harness/stats/buckets.hpp"
#include "harness/trial/access.hpp"

namespace tlbstorm::report {
namespace {

using record::LatencyRow;
using record::RunFolder;

/// Buckets of one class in the order of their times.
std::vector<stats::Bucket> pool(const RunFolder& run, std::string_view access, std::string_view met,
                                bool valid) {
  std::map<double, stats::Bucket> buckets;
  for (const LatencyRow& row : run.latencies) {
    if (row.access != access || row.met != met || (valid && !run.valid(row.trial))) continue;
    stats::Bucket& bucket = buckets.try_emplace(row.from_ns, stats::Bucket{row.from_ns, 0, 0}).first->second;
    bucket.to = std::max(bucket.to, row.to_ns);  // in the trial whose longest time it holds it ends there
    bucket.count += row.count;
  }
  std::vector<stats::Bucket> sorted;
  for (const auto& [from, bucket] : buckets) sorted.push_back(bucket);
  return sorted;
}

std::string time_text(double ns) {
  // Three digits that matter: the buckets give no more.
  return ns < 1e3 ? fmt::format("{:.0f} ns", ns)
                  : os::format_duration(os::Nanoseconds{static_cast<std::int64_t>(ns)});
}

std::string row_of(const std::vector<stats::Bucket>& buckets, bool& few) {
  constexpr std::array<double, 5> kQuantiles{0.5, 0.9, 0.99, 0.999, 0.9999};
  const double count = stats::count_of_buckets(buckets);
  std::string out = fmt::format("{:>11}", os::format_figure(count));
  for (const double q : kQuantiles) {
    const bool marked = stats::rests_on_few(count, q);
    few = few || marked;
    out += fmt::format("{:>11}",
                       time_text(stats::quantile_of_buckets(buckets, q)) + (marked ? judge::kFewMark : ""));
  }
  return out + fmt::format("{:>11}\n", time_text(buckets.back().to - 1));
}

/// What was subtracted from every time: the largest of all trials.
std::string timing_overhead(const RunFolder& run) {
  std::int64_t most = 0;
  for (const record::TrialRecord& trial : run.manifest.trials)
    most = std::max(most, trial.timing_overhead_ns);
  return fmt::format("  taking a time costs {} ns: measured, and subtracted from every one of them\n", most);
}

}  // namespace

std::string latency_table(const RunFolder& run) {
  const bool valid_only = judge::any_valid_latency(run);
  std::string out;
  bool few = false;
  for (const std::string_view access : trial::kAccessNames)
    for (const std::string_view met : trial::kMetNames)
      if (const std::vector<stats::Bucket> buckets = pool(run, access, met, valid_only); !buckets.empty())
        out += fmt::format("  {:<7}{:<7}{}", access, met, row_of(buckets, few));
  if (out.empty()) return out;
  if (few) out += fmt::format("  {} {}\n", judge::kFewMark, judge::kFewNote);
  out += timing_overhead(run);
  return fmt::format("\n  {:<7}{:<7}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}\n", "access", "met", "count",
                     "p50", "p90", "p99", "p99.9", "p99.99", "max") +
         out;
}

}  // namespace tlbstorm::report
