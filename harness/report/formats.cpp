// SPDX-License-Identifier: Apache-2.0
#include "harness/report/formats.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/compare/change_text.hpp"
#include "harness/judge/emulation.hpp"
#include "harness/judge/latencies.hpp"
#include "harness/os/units.hpp"
#include "harness/stats/buckets.hpp"

namespace tlbstorm::report {
namespace {

constexpr auto kFormats = std::to_array<Format>(
    {{"text", "for a terminal", &print_text},
     {"lkml", "for a changelog or a mail: plain ASCII, at most 75 columns", &print_lkml},
     {"robot", "in the layout and with the names of the kernel test robot", &print_robot},
     {"markdown", "for a page or a comment", &print_markdown},
     {"csv", "one row per metric", &print_csv},
     {"json", "all that is known, for programs", &print_json},
     {"html", "a page of its own", &print_html}});

/// Words of a shell command, quoted where they must be.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:%@";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// Nothing happened on either side.
bool is_zero(const compare::MetricChange& change) {
  return change.base.min == 0 && change.base.max == 0 && change.next.min == 0 && change.next.max == 0;
}

}  // namespace

std::vector<std::string> zeros(const compare::Comparison& comparison) {
  std::vector<std::string> names;
  for (const compare::MetricChange& change : comparison.metrics)
    if (is_zero(change)) names.push_back(change.metric.name);
  return names;
}

std::span<const Format> formats() { return kFormats; }

std::vector<const compare::MetricChange*> sorted(const compare::Comparison& comparison, Sorting sorting) {
  std::vector<const compare::MetricChange*> order = all_sorted(comparison, sorting);
  std::erase_if(order, [](const compare::MetricChange* one) { return is_zero(*one); });
  return order;
}

std::vector<const compare::MetricChange*> all_sorted(const compare::Comparison& comparison, Sorting sorting) {
  std::vector<const compare::MetricChange*> order;
  for (const compare::MetricChange& change : comparison.metrics) order.push_back(&change);
  const auto size = [](const compare::MetricChange* one) {
    // Doubled and halved are the same size.
    return std::isnan(one->change) ? -1.0 : std::abs(std::log(std::max(1 + one->change, 1e-12)));
  };
  if (sorting == Sorting::effect)
    std::stable_sort(order.begin(), order.end(), [&](auto* a, auto* b) { return size(a) > size(b); });
  if (sorting == Sorting::p)
    std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->test.p < b->test.p; });
  return order;
}

std::string format_unit(const compare::MetricChange& one, const compare::Comparison& comparison) {
  return judge::marked_unit(
      one.metric.name, one.metric.unit,
      judge::is_emulated(comparison.base.manifest()) || judge::is_emulated(comparison.next.manifest()));
}

std::span<const std::string_view> distribution_titles() {
  static constexpr std::array<std::string_view, 12> kTitles{"access",     "met", "p50 base", "new",
                                                            "p90 base",   "new", "p99 base", "new",
                                                            "p99.9 base", "new", "distance", "p"};
  return kTitles;
}

std::vector<std::string> distribution_cells(const compare::DistributionChange& change) {
  const auto time = [](double ns) {
    return os::format_duration(os::Nanoseconds{static_cast<std::int64_t>(ns)});
  };
  std::vector<std::string> cells{change.access, change.met};
  for (const compare::PercentileChange& percentile : change.percentiles) {
    const char* const mark = percentile.few ? judge::kFewMark : "";
    cells.push_back(time(percentile.base) + mark);
    cells.push_back(time(percentile.next) + mark);
  }
  cells.push_back(fmt::format("{:.1f}%", 100 * (change.factor - 1)));
  cells.push_back(compare::format_p(change.p));
  return cells;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  bool skip = false;
  for (const std::string& word : words) {
    if (!skip && word != "--output" && !word.starts_with("--output=")) kept.push_back(quoted(word));
    skip = word == "--output";
  }
  return fmt::format("{}", fmt::join(kept, " "));
}

namespace {

std::string command_of(const record::RunFolder& run) { return shell_line(run.manifest.tool.command); }

}  // namespace

std::vector<Command> commands(const Report& report) {
  std::vector<Command> all;
  const auto add = [&](const std::string& side, const std::string& line) {
    if (!line.empty() && std::none_of(all.begin(), all.end(), [&](const Command& known) {
          return known.side == side && known.line == line;
        }))
      all.push_back({side, line});
  };
  for (const compare::Comparison& comparison : report.parts) {
    add("both", comparison.made_by);
    if (!comparison.made_by.empty()) continue;
    for (const compare::Side* const side : {&comparison.base, &comparison.next})
      for (const record::RunFolder& run : side->runs()) add(side->name(), command_of(run));
  }
  return all;
}

std::string markdown_cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

}  // namespace tlbstorm::report
