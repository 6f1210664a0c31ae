// SPDX-License-Identifier: Apache-2.0
#include "harness/report/why_block.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "harness/judge/derivation.hpp"
#include "harness/os/units.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::report {
namespace {

using record::RunFolder;

std::string percent(double share) { return fmt::format("{:.1f}%", 100 * share); }
std::string time(double ns) {
  constexpr double kMost = 9e18;  // what the count holds
  return os::format_duration(os::Nanoseconds{static_cast<std::int64_t>(std::clamp(ns, -kMost, kMost))});
}
std::string figure(double value) { return os::format_figure(value); }

/// A figure of a line, and how it is said: "{} by kswapd".
struct Said {
  const char* metric;
  std::string (*format)(double);
  const char* words;
};
struct Line {
  const char* title;
  std::vector<Said> parts;
  bool only_what_happened = false;  ///< a share of nothing is not worth a word
};

const std::vector<Line>& lines() {
  static const std::vector<Line> all{
      {"flushes by",
       {{metric::kFlushesByTrial, &percent, "the trial {}"},
        {metric::kFlushesByKswapd, &percent, "kswapd {}"},
        {metric::kFlushesByOthers, &percent, "others {}"}}},
      {"flush size",
       {{metric::kFlushesOf1Page, &percent, "1 page: {}"},
        {metric::kFlushesOf2To7, &percent, "2-7: {}"},
        {metric::kFlushesOf8To31, &percent, "8-31: {}"},
        {metric::kFlushesOf32, &percent, "32: {}"},
        {metric::kFlushesOf33To511, &percent, "33-511: {}"},
        {metric::kFullFlushes, &percent, "full: {}"}},
       true},
      {"reclaim",
       {{metric::kKswapdCpu, &figure, "kswapd {} CPUs"},
        {metric::kLimitReclaims, &figure, "{} calls/s at the cgroup's limit"},
        {metric::kLimitScanRate, &figure, "{} pages/s scanned"},
        {metric::kLimitReclaimRate, &figure, "{} taken there"},
        {metric::kMemoryStallSome, &percent, "tasks stalled for memory {} of the time"}}},
      {"swap device",
       {{metric::kSwapReadLatency, &time, "{} a read"}, {metric::kSwapWriteLatency, &time, "{} a write"}}},
      {"CPU",
       {{metric::kIpc, &figure, "{} instructions a cycle"},
        {metric::kKernelCycles, &percent, "{} of the cycles in the kernel"},
        {metric::kDtlbMissesPerOperation, &figure, "{} data TLB misses an operation"}}}};
  return all;
}

}  // namespace

bool is_cause(std::string_view metric) {
  const auto causes = judge::cause_metrics();
  return std::any_of(causes.begin(), causes.end(),
                     [&](const judge::Metric& cause) { return cause.name == metric; });
}

std::string why_block(const RunFolder& run) {
  std::string out;
  for (const Line& line : lines()) {
    std::vector<std::string> parts;
    for (const Said& said : line.parts)
      if (const auto value = run.median(said.metric); value && (*value > 0 || !line.only_what_happened))
        parts.push_back(fmt::format(fmt::runtime(said.words), said.format(*value)));
    if (!parts.empty()) out += fmt::format("    {:<12}{}\n", line.title, fmt::join(parts, ", "));
  }
  return out.empty() ? "" : "\n  why\n" + out;
}

}  // namespace tlbstorm::report
