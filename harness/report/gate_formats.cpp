// SPDX-License-Identifier: Apache-2.0
#include "harness/report/gate_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/compare/change_text.hpp"
#include "harness/os/units.hpp"
#include "harness/record/json_file.hpp"
#include "harness/report/formats.hpp"
#include "harness/report/table.hpp"

namespace tlbstorm::report {
namespace {

using nlohmann::ordered_json;

/// "ipis_per_page <= +5%"; of a glob also the metric that it is about.
std::string title(const compare::RuleResult& result) {
  std::string text = result.title.empty() ? "" : result.title + ": ";
  text += result.rule.text;
  return result.rule.metric == result.metric.name ? text : fmt::format("{} ({})", text, result.metric.name);
}

std::ptrdiff_t count(const GateReport& report, compare::Ruling ruling) {
  return std::count_if(report.gate.results.begin(), report.gate.results.end(),
                       [&](const compare::RuleResult& one) { return one.ruling == ruling; });
}

std::string print_text(const GateReport& report) {
  Table table({{"", Table::Align::left}, {"rule", Table::Align::left}, {"p"}, {"why", Table::Align::left}});
  for (const compare::RuleResult& one : report.gate.results)
    table.add({std::string(name(one.ruling)), title(one), one.rule.relative ? compare::format_p(one.p) : "",
               one.why},
              one.ruling == compare::Ruling::fail   ? "31"
              : one.ruling == compare::Ruling::pass ? "32"
                                                    : "33");
  std::string out =
      fmt::format("tlbstorm gate\n\n{}  new   {}\n\n",
                  report.base.empty() ? "" : fmt::format("  base  {}\n", report.base), report.next);
  out += table.text("  ", report.coloured);
  for (const std::string& note : report.gate.notes) out += fmt::format("  note: {}\n", note);
  return out + fmt::format("\n  {}: {} passed, {} failed, {} without enough evidence\n",
                           name(report.gate.ruling()), count(report, compare::Ruling::pass),
                           count(report, compare::Ruling::fail), count(report, compare::Ruling::unsure));
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c >= ' ' || c == '\n' || c == '\t' ? c : '?';
  }
  return out;
}

/// JUnit knows passed, failed and skipped.
std::string print_junit(const GateReport& report) {
  const std::ptrdiff_t unsure = count(report, compare::Ruling::unsure);
  const std::ptrdiff_t failed = count(report, compare::Ruling::fail) + (report.unsure_fails ? unsure : 0);
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "<testsuite name=\"tlbstorm gate\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
      report.gate.results.size(), failed, report.unsure_fails ? 0 : unsure);
  for (const compare::RuleResult& one : report.gate.results) {
    out += fmt::format("<testcase classname=\"{}\" name=\"{}\">", xml(one.metric.name), xml(title(one)));
    const bool fails =
        one.ruling == compare::Ruling::fail || (one.ruling == compare::Ruling::unsure && report.unsure_fails);
    if (fails)
      out += fmt::format("<failure message=\"{}: {}\"/>", name(one.ruling), xml(one.why));
    else if (one.ruling == compare::Ruling::unsure)
      out += fmt::format("<skipped message=\"not enough evidence: {}\"/>", xml(one.why));
    else
      out += fmt::format("<system-out>{}</system-out>", xml(one.why));
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n</testsuites>\n";
}

std::string in_a_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

/// Documentation/dev-tools/ktap.rst.
std::string print_ktap(const GateReport& report) {
  std::string out = fmt::format("KTAP version 1\n1..{}\n", report.gate.results.size());
  for (std::size_t i = 0; i < report.gate.results.size(); ++i) {
    const compare::RuleResult& one = report.gate.results[i];
    const bool fails =
        one.ruling == compare::Ruling::fail || (one.ruling == compare::Ruling::unsure && report.unsure_fails);
    // A # would begin a directive.
    std::string what = in_a_line(title(one));
    std::replace(what.begin(), what.end(), '#', '_');
    out += fmt::format(
        "# {}\n{}ok {} {}{}\n", in_a_line(one.why), fails ? "not " : "", i + 1, what,
        one.ruling == compare::Ruling::unsure && !report.unsure_fails ? " # SKIP not enough evidence" : "");
  }
  return out;
}

/// Workflow commands: %, CR and LF are escaped in messages.
std::string print_github(const GateReport& report) {
  const auto escaped = [](const std::string& text) {
    std::string out;
    for (const char c : text)
      out += c == '%' ? "%25" : c == '\n' ? "%0A" : c == '\r' ? "%0D" : std::string(1, c);
    return out;
  };
  std::string out;
  for (const compare::RuleResult& one : report.gate.results) {
    const char* const level = one.ruling == compare::Ruling::fail     ? "error"
                              : one.ruling == compare::Ruling::unsure ? "warning"
                                                                      : "notice";
    out += fmt::format("::{} title=tlbstorm {}::{}: {}\n", level, name(one.ruling), escaped(title(one)),
                       escaped(one.why));
  }
  return out;
}

std::string print_markdown(const GateReport& report) {
  std::string out = fmt::format(
      "### tlbstorm gate: {}\n\n| | rule | base | new | change | 95% interval | p | why |\n"
      "|---|---|--:|--:|--:|--:|--:|---|\n",
      name(report.gate.ruling()));
  for (const compare::RuleResult& one : report.gate.results) {
    const auto figure = [](const stats::Description& what) {
      return what.n > 0 ? os::format_figure(what.median) : "-";
    };
    out += fmt::format("| {} | `{}` | {} | {} | {} | {} | {} | {} |\n",
                       one.ruling == compare::Ruling::fail ? "**FAIL**" : std::string(name(one.ruling)),
                       markdown_cell(title(one)), one.rule.relative ? figure(one.base) : "", figure(one.next),
                       one.rule.relative ? compare::format_change(one.change) : "",
                       one.rule.relative ? compare::format_interval(one.interval) : "",
                       one.rule.relative ? compare::format_p(one.p) : "", markdown_cell(one.why));
  }
  for (const std::string& note : report.gate.notes) out += fmt::format("\n- {}", note);
  if (!report.gate.notes.empty()) out += "\n";
  return out +
         fmt::format("\nbase: {}  \nnew: {}\n", report.base.empty() ? "none" : report.base, report.next);
}

std::string print_json(const GateReport& report) {
  const auto number = [](double value) {
    return std::isfinite(value) ? ordered_json(value) : ordered_json();
  };
  ordered_json json{{"ruling", name(report.gate.ruling())}, {"base", report.base}, {"new", report.next}};
  json["rules"] = ordered_json::array();
  for (const compare::RuleResult& one : report.gate.results)
    json["rules"].push_back({{"run", one.title},
                             {"rule", one.rule.text},
                             {"metric", one.metric.name},
                             {"unit", one.metric.unit},
                             {"ruling", name(one.ruling)},
                             {"bound", one.bound},
                             {"base_median", number(one.base.median)},
                             {"new_median", number(one.next.median)},
                             {"change", one.rule.relative ? number(one.change) : ordered_json()},
                             {"low", one.rule.relative ? number(one.interval.low) : ordered_json()},
                             {"high", one.rule.relative ? number(one.interval.high) : ordered_json()},
                             {"p", one.rule.relative ? number(one.p) : ordered_json()},
                             {"why", one.why}});
  json["notes"] = report.gate.notes;
  return record::json_text(json);
}

constexpr std::array<GateFormat, 6> kFormats{{{"text", "for a terminal", &print_text},
                                              {"junit", "JUnit XML", &print_junit},
                                              {"ktap", "KTAP, as the kernel's own tests", &print_ktap},
                                              {"github", "annotations of GitHub's workflows", &print_github},
                                              {"markdown", "a summary for a page", &print_markdown},
                                              {"json", "for programs", &print_json}}};

}  // namespace

std::span<const GateFormat> gate_formats() { return kFormats; }

}  // namespace tlbstorm::report
