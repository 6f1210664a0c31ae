// SPDX-License-Identifier: Apache-2.0
#include "harness/report/findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/record/json_file.hpp"
#include "harness/report/cells.hpp"
#include "harness/report/formats.hpp"
#include "harness/report/table.hpp"

namespace tlbstorm::report {
namespace {

using nlohmann::ordered_json;
using os::Finding;
using os::Grade;

std::ptrdiff_t count(const FindingReport& report, auto wanted) {
  return std::count_if(report.rows.begin(), report.rows.end(),
                       [&](const FoundRow& row) { return wanted(row.finding.grade); });
}

/// "3 ok, 1 failed", those that there are.
std::string counts(const FindingReport& report) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < os::kGradeNames.size(); ++i)
    if (const auto n = count(report, [&](Grade grade) { return grade == static_cast<Grade>(i); }); n > 0)
      parts.push_back(fmt::format("{} {}", n, report.words[i]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string colour_of(Grade grade) {
  static constexpr std::array<const char*, 5> kColours{"32", "33", "31", "33", ""};
  return kColours[static_cast<std::size_t>(grade)];
}

std::string print_text(const FindingReport& report) {
  std::vector<Table::Column> columns{{"", Table::Align::left}, {"", Table::Align::left}};
  for (const FoundColumn& column : report.columns)
    if (column.on_terminal) columns.push_back({column.title});
  columns.push_back({"found", Table::Align::left});
  const bool any_wanted = std::any_of(report.rows.begin(), report.rows.end(),
                                      [](const FoundRow& row) { return !row.finding.wanted.empty(); });
  if (any_wanted) columns.push_back({"wanted", Table::Align::left});
  Table table(columns);
  for (const auto& [finding, cells] : report.rows) {
    std::vector<std::string> all{std::string(report.word(finding.grade)), finding.id};
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (report.columns[i].on_terminal) all.push_back(cells[i]);
    all.push_back(finding.found);
    if (any_wanted) all.push_back(finding.wanted);
    table.add(std::move(all), colour_of(finding.grade));
    if (finding.grade == Grade::ok) continue;
    if (!finding.why.empty()) table.add_remark("  " + finding.why);
    if (!finding.fix.empty()) table.add_remark("  fix: " + finding.fix);
  }
  std::string out = report.title + "\n\n";
  std::size_t widest = 0;
  for (const auto& [key, value] : report.context) widest = std::max(widest, key.size());
  for (const auto& [key, value] : report.context) out += fmt::format("  {:<{}}  {}\n", key, widest, value);
  if (!report.context.empty()) out += "\n";
  out += table.text("  ", report.coloured);
  for (const std::string& note : report.notes) out += fmt::format("  note: {}\n", note);
  return out + fmt::format("\n  {}{}{}\n", report.conclusion, report.conclusion.empty() ? "" : ": ",
                           counts(report));
}

/// All that is said of it, in one line.
std::string account(const Finding& finding) {
  std::string text = finding.found;
  if (!finding.wanted.empty()) text += fmt::format("; wanted: {}", finding.wanted);
  if (!finding.why.empty() && finding.grade != Grade::ok) text += fmt::format("; {}", finding.why);
  if (!finding.fix.empty()) text += fmt::format("; fix: {}", finding.fix);
  return text;
}

bool is_skipped(const FindingReport& report, Grade grade) {
  return !report.fails(grade) && (grade == Grade::unknown || grade == Grade::not_applicable);
}

/// JUnit knows passed, failed and skipped.
std::string print_junit(const FindingReport& report) {
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
      xml_text(report.title), report.rows.size(),
      count(report, [&](Grade grade) { return report.fails(grade); }),
      count(report, [&](Grade grade) { return is_skipped(report, grade); }));
  for (const auto& [finding, cells] : report.rows) {
    const std::string text = xml_text(account(finding));
    out +=
        fmt::format("<testcase classname=\"{}\" name=\"{}\">", xml_text(report.title), xml_text(finding.id));
    if (report.fails(finding.grade))
      out += fmt::format("<failure message=\"{}: {}\"/>", report.word(finding.grade), text);
    else if (is_skipped(report, finding.grade))
      out += fmt::format("<skipped message=\"{}: {}\"/>", report.word(finding.grade), text);
    else
      out += fmt::format("<system-out>{}</system-out>", text);
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
std::string print_ktap(const FindingReport& report) {
  std::string out = fmt::format("KTAP version 1\n1..{}\n", report.rows.size());
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const Finding& finding = report.rows[i].finding;
    std::string what = in_a_line(finding.id);
    std::replace(what.begin(), what.end(), '#', '_');  // it would begin a directive
    out += fmt::format(
        "# {}\n{}ok {} {}{}\n", in_a_line(account(finding)), report.fails(finding.grade) ? "not " : "", i + 1,
        what, is_skipped(report, finding.grade) ? fmt::format(" # SKIP {}", report.word(finding.grade)) : "");
  }
  return out;
}

/// Workflow commands: %, CR and LF are escaped in messages.
std::string print_github(const FindingReport& report) {
  const auto escaped = [](std::string_view text) {
    std::string out;
    for (const char c : text)
      out += c == '%' ? "%25" : c == '\n' ? "%0A" : c == '\r' ? "%0D" : std::string(1, c);
    return out;
  };
  std::string out;
  for (const auto& [finding, cells] : report.rows) {
    const char* const level = finding.grade == Grade::failed                                       ? "error"
                              : finding.grade == Grade::warning || finding.grade == Grade::unknown ? "warning"
                                                                                                   : "notice";
    out += fmt::format("::{} title=tlbstorm {}::{}: {}\n", level, report.word(finding.grade),
                       escaped(finding.id), escaped(account(finding)));
  }
  return out;
}

std::string print_markdown(const FindingReport& report) {
  std::string out = fmt::format("### {}{}{}\n\n| | what |", report.title,
                                report.conclusion.empty() ? "" : ": ", report.conclusion);
  std::string line = "|---|---|";
  for (const FoundColumn& column : report.columns) {
    out += fmt::format(" {} |", column.title);
    line += "--:|";
  }
  out += " found | wanted |\n" + line + "---|---|\n";
  for (const auto& [finding, cells] : report.rows) {
    const std::string word(report.word(finding.grade));
    out += fmt::format("| {} | `{}` |", finding.grade == Grade::failed ? "**" + word + "**" : word,
                       markdown_cell(finding.id));
    for (const std::string& cell : cells) out += fmt::format(" {} |", markdown_cell(cell));
    out += fmt::format(" {} | {} |\n", markdown_cell(finding.found), markdown_cell(finding.wanted));
  }
  for (const auto& [finding, cells] : report.rows)
    if (finding.grade != Grade::ok && !(finding.why.empty() && finding.fix.empty()))
      out += fmt::format("\n- {}: {}{}", finding.id, finding.why,
                         finding.fix.empty() ? "" : fmt::format("; fix: `{}`", finding.fix));
  for (const std::string& note : report.notes) out += fmt::format("\n- {}", note);
  out += "\n";
  for (const auto& [key, value] : report.context) out += fmt::format("\n{}: {}  ", key, value);
  return out + (report.context.empty() ? "" : "\n");
}

std::string print_json(const FindingReport& report) { return record::json_text(findings_json(report)); }

constexpr auto kFormats =
    std::to_array<FindingFormat>({{"text", "for a terminal", &print_text},
                                  {"junit", "JUnit XML", &print_junit},
                                  {"ktap", "KTAP, as the kernel's own tests", &print_ktap},
                                  {"github", "annotations of GitHub's workflows", &print_github},
                                  {"markdown", "a summary for a page", &print_markdown},
                                  {"json", "for programs", &print_json}});

}  // namespace

std::span<const FindingFormat> finding_formats() { return kFormats; }

ordered_json findings_json(const FindingReport& report) {
  ordered_json json{{"title", report.title}};
  if (!report.conclusion.empty()) json["conclusion"] = report.conclusion;
  for (const auto& [key, value] : report.context) json[key] = value;
  json["findings"] = ordered_json::array();
  for (const auto& [finding, cells] : report.rows) {
    ordered_json entry{
        {"id", finding.id},         {"grade", name(finding.grade)}, {"found", finding.found},
        {"wanted", finding.wanted}, {"why", finding.why},           {"source", finding.source},
        {"fix", finding.fix},       {"evidence", finding.evidence}, {"decides", finding.decides}};
    for (std::size_t i = 0; i < cells.size(); ++i) entry[report.columns[i].title] = cells[i];
    json["findings"].push_back(std::move(entry));
  }
  json["notes"] = report.notes;
  return json;
}

}  // namespace tlbstorm::report
