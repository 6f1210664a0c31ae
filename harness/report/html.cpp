// SPDX-License-Identifier: Apache-2.0
// A page of its own: no script, nothing loaded from elsewhere. Each metric's interval is drawn beside its
// row.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/compare/change_text.hpp"
#include "harness/os/units.hpp"
#include "harness/report/cells.hpp"
#include "harness/report/formats.hpp"

namespace tlbstorm::report {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>tlbstorm compare</title><style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; } th, td { padding: .15em .8em; text-align: left; }
th { border-bottom: 1px solid #888; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
.better { color: #176b2c; } .worse { color: #b3261e; } .changed { color: #8a5a00; } .unsure { opacity: .6; }
pre { overflow-x: auto; } svg { vertical-align: middle; } .remark td { font-size: 90%; opacity: .75; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; }
  .better { color: #6c8; } .worse { color: #f98; } .changed { color: #dc7; } }
</style></head><body>
)";

/// From halved to doubled, on a scale where those are equally far from no change.
std::string drawing(const compare::MetricChange& one) {
  if (std::isnan(one.interval.low) || std::isnan(one.interval.high) || std::isnan(one.change)) return "";
  constexpr double kHalf = 60;
  const auto at = [](double change) {
    return kHalf + kHalf * std::clamp(std::log2(std::max(1 + change, 1e-9)), -1.0, 1.0);
  };
  const double low = at(one.interval.low), high = at(one.interval.high);
  return fmt::format(
      R"(<svg width="121" height="12" role="img" aria-label="{}"><path d="M60.5 0V12" stroke="#888"/>)"
      R"(<rect x="{:.1f}" y="4" width="{:.1f}" height="4" fill="currentColor" opacity=".45"/>)"
      R"(<circle cx="{:.1f}" cy="6" r="2.5" fill="currentColor"/></svg>)",
      xml_text(compare::format_interval(one)), low, std::max(high - low, 1.0), at(one.change));
}

std::string rows(const compare::Comparison& comparison, Sorting sorting) {
  std::string out;
  for (const compare::MetricChange* const one : sorted(comparison, sorting)) {
    out += fmt::format(
        R"(<tr class="{}"><td>{}</td><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td>)"
        R"(<td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td>{}</td>)"
        R"(<td class="n">{}</td><td>{}</td></tr>)"
        "\n",
        name(one->verdict), xml_text(one->metric.name), xml_text(format_unit(*one, comparison)),
        os::format_figure(one->base.median), compare::format_share(one->base.cv),
        os::format_figure(one->next.median), compare::format_share(one->next.cv),
        compare::format_change(*one), compare::format_interval(*one), drawing(*one),
        compare::format_p(one->test.p), name(one->verdict));
    for (const std::string& remark : one->remarks)
      out += fmt::format("<tr class=\"remark\"><td></td><td colspan=\"10\">{}</td></tr>\n", xml_text(remark));
  }
  return out;
}

std::string distributions(const compare::Comparison& comparison) {
  if (comparison.distributions.empty()) return "";
  std::string out = "<table><tr>";
  for (const std::string_view title : distribution_titles()) out += fmt::format("<th>{}</th>", title);
  out += "</tr>\n";
  for (const compare::DistributionChange& one : comparison.distributions) {
    out += "<tr>";
    for (const std::string& cell : distribution_cells(one))
      out += fmt::format("<td class=\"n\">{}</td>", xml_text(cell));
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

std::string part(const compare::Comparison& comparison, Sorting sorting) {
  std::string out;
  if (!comparison.title.empty()) out += fmt::format("<h2>{}</h2>\n", xml_text(comparison.title));
  if (!comparison.differences.empty()) {
    out += "<table><tr><th>what differs</th><th>base</th><th>new</th></tr>\n";
    for (const compare::Difference& one : comparison.differences)
      out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", xml_text(one.what),
                         xml_text(one.base), xml_text(one.next));
    out += "</table>\n";
  }
  out +=
      "<table><tr><th>metric</th><th>unit</th><th>base</th><th>cv</th><th>new</th><th>cv</th><th>change</th>"
      "<th>95% interval</th><th>from half to double</th><th>p</th><th>verdict</th></tr>\n";
  out += rows(comparison, sorting) + "</table>\n";
  out += distributions(comparison);
  for (const std::string& note : comparison.notes) out += fmt::format("<p>{}</p>\n", xml_text(note));
  return out;
}

}  // namespace

std::string print_html(const Report& report) {
  const compare::Comparison& first = report.parts.front();
  std::string out = kHead;
  out +=
      fmt::format("<h1>tlbstorm: {}</h1>\n<p>base: {}<br>new: {}<br>on {}</p>\n",
                  xml_text(first.base.manifest().plan.workload), xml_text(compare::describe_side(first.base)),
                  xml_text(compare::describe_side(first.next)), xml_text(compare::machine_of(first.base)));
  for (const compare::Comparison& comparison : report.parts) out += part(comparison, report.sorting);
  out += "<h2>made with</h2>\n<pre>";
  for (const Command& command : commands(report))
    out += fmt::format("{}  # {}\n", xml_text(command.line), command.side);
  return out + "</pre></body></html>\n";
}

}  // namespace tlbstorm::report
