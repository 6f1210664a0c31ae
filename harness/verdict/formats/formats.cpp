// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/formats/formats.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/os/units.hpp"
#include "harness/verdict/emulation.hpp"
#include "harness/verdict/statistics/buckets.hpp"

namespace tlbstorm::verdict {
namespace {

using nlohmann::ordered_json;

constexpr std::array<Format, 7> kFormats{
    {{"text", "for a terminal", &print_text},
     {"lkml", "for a changelog or a mail: plain ASCII, at most 75 columns", &print_lkml},
     {"robot", "in the layout and with the names of the kernel test robot", &print_robot},
     {"markdown", "for a page or a comment", &print_markdown},
     {"csv", "a row a metric", &print_csv},
     {"json", "all that is known, for programs", &print_json},
     {"html", "a page of its own", &print_html}}};

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
bool is_zero(const MetricChange& change) {
  return change.base.min == 0 && change.base.max == 0 && change.next.min == 0 && change.next.max == 0;
}

}  // namespace

std::vector<std::string> zeros(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const MetricChange& change : comparison.metrics)
    if (is_zero(change)) names.push_back(change.metric.name);
  return names;
}

std::span<const Format> formats() { return kFormats; }

std::vector<const MetricChange*> sorted(const Comparison& comparison, Sorting sorting) {
  std::vector<const MetricChange*> order = all_sorted(comparison, sorting);
  std::erase_if(order, [](const MetricChange* one) { return is_zero(*one); });
  return order;
}

std::vector<const MetricChange*> all_sorted(const Comparison& comparison, Sorting sorting) {
  std::vector<const MetricChange*> order;
  for (const MetricChange& change : comparison.metrics) order.push_back(&change);
  const auto size = [](const MetricChange* one) {
    // Doubled and halved are the same size.
    return std::isnan(one->change) ? -1.0 : std::abs(std::log(std::max(1 + one->change, 1e-12)));
  };
  if (sorting == Sorting::effect)
    std::stable_sort(order.begin(), order.end(), [&](auto* a, auto* b) { return size(a) > size(b); });
  if (sorting == Sorting::p)
    std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->test.p < b->test.p; });
  return order;
}

std::string format_unit(const MetricChange& one, const Comparison& comparison) {
  return marked_unit(one.metric.name, one.metric.unit,
                     is_emulated(comparison.base.manifest()) || is_emulated(comparison.next.manifest()));
}

std::string format_change(double change) {
  if (std::isnan(change)) return "-";
  constexpr double kLarge = 2;  // three times as much reads better as a factor
  if (change >= kLarge) return fmt::format("x{:.3g}", 1 + change);
  const std::string text = fmt::format("{:+.1f}%", 100 * change);
  return text == "-0.0%" || text == "+0.0%" ? "0.0%" : text;
}

std::string format_interval(const Interval& interval) {
  if (std::isnan(interval.low) || std::isnan(interval.high)) return "-";
  return fmt::format("{} .. {}", format_change(interval.low), format_change(interval.high));
}

std::string format_share(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.1f}%", 100 * share);
}

std::string format_p(double p) {
  constexpr double kSmall = 0.0001;
  return p < kSmall ? "<0.0001" : fmt::format("{:.2g}", p);
}

std::string describe_side(const Side& side) {
  std::vector<std::string> folders;
  for (const record::RunFolder& run : side.runs()) folders.push_back(run.path.native());
  constexpr std::size_t kMost = 3;
  const std::string all = folders.size() > kMost ? fmt::format("{} to {}, {} runs", folders.front(),
                                                               folders.back(), folders.size())
                                                 : fmt::format("{}", fmt::join(folders, ", "));
  return fmt::format("{} ({} of {} trials valid)", all, side.valid_trials(), side.trials());
}

std::span<const std::string_view> distribution_titles() {
  static constexpr std::array<std::string_view, 12> kTitles{"access",     "met", "p50 base",       "new",
                                                            "p90 base",   "new", "p99 base",       "new",
                                                            "p99.9 base", "new", "whole apart by", "p"};
  return kTitles;
}

std::vector<std::string> distribution_cells(const DistributionChange& change) {
  const auto time = [](double ns) {
    return os::format_duration(os::Nanoseconds{static_cast<std::int64_t>(ns)});
  };
  std::vector<std::string> cells{change.access, change.met};
  for (const PercentileChange& percentile : change.percentiles) {
    const char* const mark = percentile.few ? kFewMark : "";
    cells.push_back(time(percentile.base) + mark);
    cells.push_back(time(percentile.next) + mark);
  }
  cells.push_back(fmt::format("{:.1f}%", 100 * (change.factor - 1)));
  cells.push_back(format_p(change.p));
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

std::string command_of(const record::RunFolder& run) {
  std::vector<std::string> words;
  for (const auto& word :
       run.manifest.value("tool", ordered_json::object()).value("command", ordered_json::array()))
    if (word.is_string()) words.push_back(word.get<std::string>());
  return shell_line(words);
}

}  // namespace

std::vector<Command> commands(const Report& report) {
  std::vector<Command> all;
  const auto add = [&](const std::string& side, const std::string& line) {
    if (!line.empty() && std::none_of(all.begin(), all.end(), [&](const Command& known) {
          return known.side == side && known.line == line;
        }))
      all.push_back({side, line});
  };
  for (const Comparison& comparison : report.parts) {
    add("both", comparison.made_by);
    if (!comparison.made_by.empty()) continue;
    for (const Side* const side : {&comparison.base, &comparison.next})
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

std::string machine_of(const Side& side) {
  const ordered_json machine = side.manifest().value("machine", ordered_json::object());
  const std::string hypervisor = machine.value("hypervisor", "");
  if (!machine.contains("cpu_model"))  // all that Google Benchmark tells
    return machine.contains("num_cpus") ? fmt::format("{} CPUs", machine.value("num_cpus", "?")) : "not told";
  return fmt::format("{}, {}{}", machine.value("cpu_model", "?"), side.manifest().value("topology", "?"),
                     hypervisor.empty() || hypervisor == "none" ? "" : ", guest of " + hypervisor);
}

}  // namespace tlbstorm::verdict
