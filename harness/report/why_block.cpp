// SPDX-License-Identifier: Apache-2.0
#include "harness/report/why_block.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "harness/judge/derivation.hpp"
#include "harness/os/units.hpp"

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
       {{"flushes_by_trial", &percent, "the trial {}"},
        {"flushes_by_kswapd", &percent, "kswapd {}"},
        {"flushes_by_others", &percent, "others {}"}}},
      {"flush size",
       {{"flushes_of_1_page", &percent, "1 page: {}"},
        {"flushes_of_2_7", &percent, "2-7: {}"},
        {"flushes_of_8_31", &percent, "8-31: {}"},
        {"flushes_of_32", &percent, "32: {}"},
        {"flushes_of_33_511", &percent, "33-511: {}"},
        {"full_flushes", &percent, "full: {}"}},
       true},
      {"reclaim",
       {{"kswapd_cpu", &figure, "kswapd {} CPUs"},
        {"limit_reclaims", &figure, "{} calls/s at the cgroup's limit"},
        {"limit_scan_rate", &figure, "{} pages/s scanned"},
        {"limit_reclaim_rate", &figure, "{} taken there"},
        {"memory_stall_some", &percent, "tasks stalled for memory {} of the time"}}},
      {"swap device",
       {{"swap_read_latency", &time, "{} a read"}, {"swap_write_latency", &time, "{} a write"}}},
      {"CPU",
       {{"ipc", &figure, "{} instructions a cycle"},
        {"kernel_cycles", &percent, "{} of the cycles in the kernel"},
        {"dtlb_misses_per_operation", &figure, "{} data TLB misses an operation"}}}};
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
