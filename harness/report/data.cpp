// SPDX-License-Identifier: Apache-2.0
// The formats for programs: CSV and JSON. Absent is an empty cell, or null.
#include <fmt/format.h>

#include "harness/record/json_file.hpp"
#include "harness/report/cells.hpp"
#include "harness/report/formats.hpp"

namespace tlbstorm::report {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const stats::Description& what) {
  return {{"n", what.n},
          {"median", number_or_null(what.median)},
          {"mean", number_or_null(what.mean)},
          {"cv", number_or_null(what.cv)},
          {"min", number_or_null(what.min)},
          {"max", number_or_null(what.max)},
          {"outliers", what.outliers}};
}

ordered_json to_json(const compare::MetricChange& one) {
  return {{"metric", one.metric.name},
          {"unit", one.metric.unit},
          {"better", trial::name(one.metric.better)},
          {"base", to_json(one.base)},
          {"new", to_json(one.next)},
          {"base_values", one.base_values},
          {"new_values", one.next_values},
          {"shift", number_or_null(one.shift)},
          {"change", number_or_null(one.change)},
          {"interval", {number_or_null(one.interval.low), number_or_null(one.interval.high)}},
          {"p", one.test.p},
          {"exact", one.test.exact},
          {"verdict", name(one.verdict)},
          {"rung", one.rung},
          {"decides", one.decides},
          {"gross", one.gross},
          {"runs_needed", one.runs_needed},
          {"remarks", one.remarks}};
}

ordered_json to_json(const compare::DistributionChange& one) {
  ordered_json percentiles = ordered_json::array();
  for (const compare::PercentileChange& percentile : one.percentiles)
    percentiles.push_back({{"share", percentile.share},
                           {"base_ns", percentile.base},
                           {"new_ns", percentile.next},
                           {"rests_on_few", percentile.few}});
  return {{"access", one.access},
          {"met", one.met},
          {"percentiles", percentiles},
          {"factor", one.factor},
          {"p", one.p}};
}

ordered_json to_json(const compare::Side& side) {
  ordered_json runs = ordered_json::array();
  for (const record::RunFolder& run : side.runs()) runs.push_back(run.path.native());
  return {{"runs", runs},
          {"trials", side.trials()},
          {"valid_trials", side.valid_trials()},
          {"machine", compare::machine_of(side)}};
}

}  // namespace

std::string print_csv(const Report& report) {
  std::string out =
      "part,metric,unit,better,base_n,base_median,base_cv,new_n,new_median,new_cv,shift,change,low,high,p,"
      "verdict\r\n";
  for (const compare::Comparison& comparison : report.parts)
    for (const compare::MetricChange* const one : all_sorted(comparison, report.sorting))
      out +=
          fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csv_text(comparison.title),
                      csv_text(one->metric.name), csv_text(one->metric.unit), trial::name(one->metric.better),
                      one->base.n, csv_number(one->base.median), csv_number(one->base.cv), one->next.n,
                      csv_number(one->next.median), csv_number(one->next.cv), csv_number(one->shift),
                      csv_number(one->change), csv_number(one->interval.low), csv_number(one->interval.high),
                      csv_number(one->test.p), name(one->verdict));
  return out;
}

std::string print_json(const Report& report) {
  ordered_json parts = ordered_json::array();
  for (const compare::Comparison& comparison : report.parts) {
    ordered_json part{{"title", comparison.title},
                      {"paired", comparison.paired},
                      {"evidence", comparison.evidence},
                      {"base", to_json(comparison.base)},
                      {"new", to_json(comparison.next)}};
    part["differences"] = ordered_json::array();
    for (const compare::Difference& one : comparison.differences)
      part["differences"].push_back(
          {{"what", one.what}, {"base", one.base}, {"new", one.next}, {"forbids", one.forbids}});
    part["metrics"] = ordered_json::array();
    for (const compare::MetricChange* const one : all_sorted(comparison, report.sorting))
      part["metrics"].push_back(to_json(*one));
    part["distributions"] = ordered_json::array();
    for (const compare::DistributionChange& one : comparison.distributions)
      part["distributions"].push_back(to_json(one));
    part["notes"] = comparison.notes;
    parts.push_back(std::move(part));
  }
  ordered_json made_with = ordered_json::array();
  for (const Command& command : commands(report))
    made_with.push_back({{"side", command.side}, {"command", command.line}});
  return record::json_text({{"tool", "tlbstorm"}, {"parts", parts}, {"made_with", made_with}});
}

}  // namespace tlbstorm::report
