// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/latency_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "harness/os/units.hpp"
#include "harness/trial/access.hpp"

namespace tlbstorm::verdict {
namespace {

using record::LatencyRow;
using record::RunFolder;

struct Bucket {
  double middle_ns, count;
};

/// Buckets of one class in the order of their times.
std::vector<Bucket> pool(const RunFolder& run, std::string_view access, std::string_view met, bool valid) {
  std::map<double, Bucket> buckets;
  for (const LatencyRow& row : run.latencies) {
    if (row.access != access || row.met != met || (valid && !run.valid(row.trial))) continue;
    Bucket& bucket =
        buckets.try_emplace(row.from_ns, Bucket{(row.from_ns + row.to_ns - 1) / 2, 0}).first->second;
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

std::string quantile(const std::vector<Bucket>& buckets, double total, double q) {
  double below = 0;
  for (const Bucket& bucket : buckets) {
    below += bucket.count;
    if (below >= q * total) return time_text(bucket.middle_ns);
  }
  return time_text(buckets.back().middle_ns);
}

/// What was subtracted from every time: the largest of all trials.
std::string timing_overhead(const RunFolder& run) {
  std::int64_t most = 0;
  for (const auto& trial : run.manifest["trials"])
    most = std::max(most, trial.value("timing_overhead_ns", std::int64_t{0}));
  return fmt::format("  taking a time costs {} ns: measured, and subtracted from every one of them\n", most);
}

}  // namespace

std::string latency_table(const RunFolder& run) {
  constexpr std::array<double, 5> kQuantiles{0.5, 0.9, 0.99, 0.999, 0.9999};
  const bool any_valid = std::any_of(run.latencies.begin(), run.latencies.end(),
                                     [&](const LatencyRow& row) { return run.valid(row.trial); });
  std::string out;
  for (const std::string_view access : trial::kAccessNames)
    for (const std::string_view met : trial::kMetNames) {
      const std::vector<Bucket> buckets = pool(run, access, met, any_valid);
      if (buckets.empty()) continue;
      double total = 0;
      for (const Bucket& bucket : buckets) total += bucket.count;
      out += fmt::format("  {:<7}{:<7}{:>11}", access, met, os::format_figure(total));
      for (const double q : kQuantiles) out += fmt::format("{:>11}", quantile(buckets, total, q));
      out += fmt::format("{:>11}\n", time_text(buckets.back().middle_ns));
    }
  if (out.empty()) return out;
  out += timing_overhead(run);
  return fmt::format("\n  {:<7}{:<7}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}\n", "access", "met", "count",
                     "p50", "p90", "p99", "p99.9", "p99.99", "max") +
         out;
}

}  // namespace tlbstorm::verdict
