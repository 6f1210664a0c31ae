// SPDX-License-Identifier: Apache-2.0
#include "harness/report/gate_formats.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/compare/change_text.hpp"
#include "harness/os/units.hpp"
#include "harness/record/json_file.hpp"

namespace tlbstorm::report {
namespace {

using compare::RuleResult;
using nlohmann::ordered_json;

std::vector<std::string> cells_of(const RuleResult& one) {
  const auto figure = [](const stats::Description& what) {
    return what.n > 0 ? os::format_figure(what.median) : "-";
  };
  if (!one.rule.relative) return {"", figure(one.next), "", "", ""};
  return {figure(one.base), figure(one.next), compare::format_change(one.change, one.metric.in_points()),
          compare::format_interval(one.interval, one.metric.in_points()), compare::format_p(one.p)};
}

}  // namespace

FindingReport findings_of(const GateReport& report) {
  FindingReport all;
  all.title = "tlbstorm gate";
  if (!report.base.empty()) all.context.emplace_back("base", report.base);
  all.context.emplace_back("new", report.next);
  all.columns = {{"base", false}, {"new", false}, {"change", false}, {"95% interval", false}, {"p"}};
  for (const RuleResult& one : report.gate.results) all.rows.push_back({to_finding(one), cells_of(one)});
  all.notes = report.gate.notes;
  all.conclusion = name(report.gate.ruling());
  all.words = {"pass", "waived", "FAIL", "unsure", "not applicable"};
  all.unknown_fails = report.unsure_fails;
  all.coloured = report.coloured;
  return all;
}

std::string gate_json(const GateReport& report) {
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
                             {"rung", one.rung},
                             {"why", one.why}});
  json["notes"] = report.gate.notes;
  return record::json_text(json);
}

}  // namespace tlbstorm::report
