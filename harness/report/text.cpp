// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "harness/compare/batches.hpp"
#include "harness/compare/change_text.hpp"
#include "harness/judge/emulation.hpp"
#include "harness/os/units.hpp"
#include "harness/report/formats.hpp"
#include "harness/report/table.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::report {
namespace {

using Align = Table::Align;

std::string colour_of(compare::Verdict outcome) {
  switch (outcome) {
    case compare::Verdict::better:
      return "32";
    case compare::Verdict::worse:
      return "31";
    case compare::Verdict::changed:
      return "33";
    case compare::Verdict::same:
      return "";
    case compare::Verdict::unsure:
      return "2";
  }
  return "";
}

/// Of a long text the words that another one has not: two command lines differ in a few.
std::string words_apart(const std::string& text, const std::string& other) {
  constexpr std::size_t kWidest = 60;
  if (std::max(text.size(), other.size()) <= kWidest) return text;
  const auto words = [](const std::string& line) {
    std::vector<std::string> all;
    std::istringstream in(line);
    for (std::string word; in >> word;) all.push_back(word);
    return all;
  };
  const std::vector<std::string> others = words(other);
  std::string apart;
  for (const std::string& word : words(text))
    if (std::find(others.begin(), others.end(), word) == others.end()) apart += fmt::format(" {}", word);
  return fmt::format("...{:.{}}{}", apart, kWidest, apart.size() > kWidest ? "..." : "");
}

std::string environment(const compare::Comparison& comparison) {
  if (comparison.differences.empty()) return "\n  no recorded difference between the two sides\n";
  Table table({{"what differs", Align::left}, {"base", Align::left}, {"new", Align::left}});
  for (const compare::Difference& one : comparison.differences)
    table.add({one.what, words_apart(one.base, one.next), words_apart(one.next, one.base)});
  return fmt::format("\n{}", table.text("  ", false));
}

std::vector<Table::Column> columns() {
  return {{"metric", Align::left},
          {"unit", Align::left},
          {"base"},
          {"cv"},
          {"new"},
          {"cv"},
          {"change"},
          {"95% interval"},
          {"p"},
          {"verdict", Align::left},
          {"needs"}};
}

std::vector<std::string> cells(const compare::MetricChange& one, const compare::Comparison& comparison) {
  const auto figure = [](const stats::Description& what) {
    return os::format_figure(what.median) + (what.outliers.empty() ? "" : "*");
  };
  return {one.metric.name,
          format_unit(one, comparison),
          figure(one.base),
          compare::format_share(one.base.cv),
          figure(one.next),
          compare::format_share(one.next.cv),
          compare::format_change(one),
          compare::format_interval(one),
          compare::format_p(one.test.p),
          std::string(name(one.verdict)),
          one.runs_needed > 0 ? fmt::format("{}", one.runs_needed) : ""};
}

std::string remarks(const compare::Comparison& comparison) {
  std::string out;
  for (const compare::MetricChange& one : comparison.metrics)
    for (const std::string& remark : one.remarks) out += fmt::format("    {}: {}\n", one.metric.name, remark);
  return out.empty() ? out : "\n  * outliers; nothing is left out\n" + out;
}

std::string metrics(const compare::Comparison& comparison, const Report& report) {
  if (comparison.metrics.empty()) return "\n  no metric has values of valid trials on both sides\n";
  Table table(columns());
  for (const compare::MetricChange* const one : sorted(comparison, report.sorting))
    table.add(cells(*one, comparison), colour_of(one->verdict));
  std::string out = fmt::format("\n{}", table.text("  ", report.coloured));
  if (const auto none = zeros(comparison); !none.empty())
    out += fmt::format("  zero on both sides: {}\n", fmt::join(none, ", "));
  return out + remarks(comparison);
}

/// Percentiles as "base > new", in the units of time that suit them.
std::string distributions(const compare::Comparison& comparison) {
  if (comparison.distributions.empty()) return "";
  std::vector<Table::Column> titles;
  for (const std::string_view title : distribution_titles())
    titles.push_back({std::string(title), titles.size() < 2 ? Align::left : Align::right});
  Table table(titles);
  for (const compare::DistributionChange& one : comparison.distributions) table.add(distribution_cells(one));
  return fmt::format("\n{}", table.text("  ", false));
}

std::string part(const compare::Comparison& comparison, const Report& report) {
  std::string out;
  if (!comparison.title.empty()) out += fmt::format("\n{}\n", comparison.title);
  out += environment(comparison);
  out += metrics(comparison, report);
  out += distributions(comparison);
  for (const std::string& note : comparison.notes) out += fmt::format("  note: {}\n", note);
  return out;
}

/// Sweeps and suites have a row for each point and figure that tells most; --metrics, csv and json give the
/// rest.
bool is_headline(const compare::Comparison& comparison, const compare::MetricChange& one) {
  static constexpr std::array<std::string_view, 4> kHeadlines{
      compare::kOfLinear, metric::kThroughput, metric::kIpisPerOperation, metric::kIpisPerPage};
  const auto& figures = comparison.base.manifest().workload.figures;
  return std::find(kHeadlines.begin(), kHeadlines.end(), one.metric.name) != kHeadlines.end() ||
         (!figures.empty() && figures.front().name == one.metric.name);
}

std::string points(const Report& report) {
  std::vector<Table::Column> all = columns();
  all.insert(all.begin(), {"point", Align::left});
  Table table(all);
  std::string notes;
  for (const compare::Comparison& comparison : report.parts) {
    std::string title = comparison.title;
    for (const compare::MetricChange* const one : sorted(comparison, report.sorting)) {
      if (!is_headline(comparison, *one)) continue;
      std::vector<std::string> row = cells(*one, comparison);
      row.insert(row.begin(), std::exchange(title, ""));
      table.add(std::move(row), colour_of(one->verdict));
    }
    for (const std::string& note : comparison.notes)
      if (note != judge::kEmulatedLegend) notes += fmt::format("  {}: {}\n", comparison.title, note);
  }
  const auto& told = report.parts.front().notes;
  if (std::find(told.begin(), told.end(), judge::kEmulatedLegend) != told.end())
    notes += fmt::format("  {}\n", judge::kEmulatedLegend);
  return fmt::format("{}\n{}{}", environment(report.parts.front()), table.text("  ", report.coloured), notes);
}

std::string reproduce(const Report& report) {
  std::string out = "\n  made with\n";
  for (const Command& command : commands(report))
    out += fmt::format("    {:<6}{}\n", command.side, command.line);
  return commands(report).empty() ? "" : out;
}

}  // namespace

std::string print_text(const Report& report) {
  const compare::Comparison& first = report.parts.front();
  std::string out = fmt::format("tlbstorm compare: {}\n\n", first.base.manifest().plan.workload);
  out +=
      fmt::format("  base       {}\n  new        {}\n  machine    {}\n", compare::describe_side(first.base),
                  compare::describe_side(first.next), compare::machine_of(first.base));
  out += fmt::format("  evidence   {}\n", first.evidence.empty() ? "none" : first.evidence);
  out += report.parts.size() > 1 ? points(report) : part(first, report);
  out +=
      "\n  medians of runs, or of all valid trials where there are few runs; change: the median of all "
      "pairs;\n"
      "  p: Mann and Whitney's, of pairs Wilcoxon's; needs: runs a side, measured in turn, that would show "
      "such a\n"
      "  change; docs/statistics.md\n";
  return out + reproduce(report);
}

}  // namespace tlbstorm::report
