// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/compare/change_text.hpp"
#include "harness/os/units.hpp"
#include "harness/report/formats.hpp"

namespace tlbstorm::report {
namespace {

std::string part(const compare::Comparison& comparison, Sorting sorting) {
  std::string out;
  if (!comparison.title.empty()) out += fmt::format("\n### {}\n", markdown_cell(comparison.title));
  if (!comparison.differences.empty()) {
    out += "\n| what differs | base | new |\n|---|---|---|\n";
    for (const compare::Difference& one : comparison.differences)
      out += fmt::format("| {} | {} | {} |\n", markdown_cell(one.what), markdown_cell(one.base),
                         markdown_cell(one.next));
  }
  out +=
      "\n| metric | unit | base | new | change | 95% interval | p | verdict "
      "|\n|---|---|--:|--:|--:|--:|--:|---|\n";
  for (const compare::MetricChange* const one : sorted(comparison, sorting)) {
    const bool sure = one->verdict == compare::Verdict::better || one->verdict == compare::Verdict::worse;
    out +=
        fmt::format("| {} | {} | {} ({}) | {} ({}) | {} | {} | {} | {} |\n", markdown_cell(one->metric.name),
                    markdown_cell(format_unit(*one, comparison)), os::format_figure(one->base.median),
                    compare::format_share(one->base.cv), os::format_figure(one->next.median),
                    compare::format_share(one->next.cv), compare::format_change(*one),
                    compare::format_interval(*one), compare::format_p(one->test.p),
                    sure ? fmt::format("**{}**", name(one->verdict)) : std::string(name(one->verdict)));
  }
  if (!comparison.distributions.empty())
    out += fmt::format("\n| {} |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
                       fmt::join(distribution_titles(), " | "));
  for (const compare::DistributionChange& one : comparison.distributions)
    out += fmt::format("| {} |\n", fmt::join(distribution_cells(one), " | "));
  for (const std::string& note : comparison.notes) out += fmt::format("\n- {}", markdown_cell(note));
  return comparison.notes.empty() ? out : out + "\n";
}

}  // namespace

std::string print_markdown(const Report& report) {
  const compare::Comparison& first = report.parts.front();
  std::string out = fmt::format("## tlbstorm: {}\n\nbase: {}  \nnew: {}  \non: {}\n",
                                first.base.manifest().plan.workload, compare::describe_side(first.base),
                                compare::describe_side(first.next), compare::machine_of(first.base));
  for (const compare::Comparison& comparison : report.parts) out += part(comparison, report.sorting);
  out += "\n```sh\n";
  for (const Command& command : commands(report))
    out += fmt::format("{}  # {}\n", command.line, command.side);
  return out + "```\n";
}

}  // namespace tlbstorm::report
