// SPDX-License-Identifier: Apache-2.0
// Models for programs: CSV and JSON.
#include <fmt/format.h>

#include <array>

#include "harness/record/json_file.hpp"
#include "harness/report/cells.hpp"
#include "harness/report/model_formats.hpp"

namespace tlbstorm::report {
namespace {

using nlohmann::ordered_json;

constexpr auto kFormats = std::to_array<ModelFormat>(
    {{"text", &print_model_text}, {"csv", &print_model_csv}, {"json", &print_model_json}});

/// The rows of one model.
class Rows {
 public:
  explicit Rows(const compare::Model& model)
      : begin_(
            fmt::format("{},{},{}", csv_text(model.family), csv_text(model.metric), csv_text(model.unit))) {}

  void add(std::string_view item, const std::string& name, double value) {
    text_ += fmt::format("{},{},{},{},,,\r\n", begin_, item, csv_text(name), csv_number(value));
  }
  void add(std::string_view item, const std::string& name, const stats::Estimate& of) {
    text_ += fmt::format("{},{},{},{},{},{},{}\r\n", begin_, item, csv_text(name), csv_number(of.value),
                         csv_number(of.interval.low), csv_number(of.interval.high), csv_number(of.error));
  }
  void add(std::string_view item, const std::string& name, const stats::Prediction& of) {
    text_ += fmt::format("{},{},{},{},{},{},\r\n", begin_, item, csv_text(name), csv_number(of.value),
                         csv_number(of.point.low), csv_number(of.point.high));
  }
  const std::string& text() const { return text_; }

 private:
  std::string begin_, text_;
};

std::string rows_of(const compare::Model& model) {
  Rows rows(model);
  rows.add("constant", "", model.line.constant());
  for (std::size_t i = 0; i < model.terms.size(); ++i)
    rows.add("slope", model.terms[i].name, model.line.slopes()[i]);
  rows.add("runs", "", static_cast<double>(model.runs.size()));
  rows.add("trials", "", static_cast<double>(model.trials()));
  rows.add("points", std::string(name(model.basis)), static_cast<double>(model.line.points()));
  rows.add("r_squared", "", model.line.r_squared());
  rows.add("rms", "", model.line.rms());
  rows.add("farthest", model.farthest, model.farthest_by);
  rows.add("scatter_between", "", model.scatter.between);
  rows.add("scatter_within", "", model.scatter.within);
  rows.add("scatter_p", "", model.scatter.p);
  if (model.power_law) {
    rows.add("power_law_factor", "", model.power_law->factor);
    rows.add("power_law_exponent", model.terms.front().name, model.power_law->exponent);
    rows.add("left_out_error", "line", model.choice.line_error);
    rows.add("left_out_error", "power law", model.choice.power_law_error);
    rows.add("better_form", std::string(name(model.choice.better)), std::nan(""));
  }
  for (const compare::Forecast& one : model.forecasts) {
    if (one.line) rows.add("at", one.place, *one.line);
    if (one.power_law) rows.add("at_by_power_law", one.place, *one.power_law);
  }
  return rows.text();
}

ordered_json to_json(const stats::Interval& interval) {
  return {number_or_null(interval.low), number_or_null(interval.high)};
}

ordered_json to_json(const stats::Estimate& one) {
  return {{"value", number_or_null(one.value)},
          {"error", number_or_null(one.error)},
          {"interval", to_json(one.interval)}};
}

ordered_json to_json(const stats::Prediction& one) {
  return {{"value", number_or_null(one.value)}, {"mean", to_json(one.mean)}, {"point", to_json(one.point)}};
}

ordered_json to_json(const compare::Term& term, const stats::Estimate& slope) {
  ordered_json json{{"name", term.name}, {"unit", term.unit_name}};
  json.update(to_json(slope));
  json["means"] = fmt::format("the price of {}", term.one_more());
  return json;
}

ordered_json to_json(const compare::MeasuredRun& run, const std::vector<compare::Term>& terms) {
  ordered_json place = ordered_json::object();
  for (std::size_t i = 0; i < terms.size(); ++i) place[terms[i].name] = run.x[i];
  return {{"name", run.name}, {"at", place}, {"values", run.values()}};
}

ordered_json to_json(const compare::Forecast& one, const std::vector<compare::Term>& terms) {
  ordered_json place = ordered_json::object();
  for (std::size_t i = 0; i < terms.size(); ++i) place[terms[i].name] = one.x[i];
  return {{"at", place},
          {"line", one.line ? to_json(*one.line) : ordered_json()},
          {"power_law", one.power_law ? to_json(*one.power_law) : ordered_json()},
          {"extrapolation", !one.beyond.empty()},
          {"far", one.far},
          {"beyond", one.beyond}};
}

ordered_json to_json(const compare::Model& model) {
  ordered_json json{{"metric", model.metric}, {"unit", model.unit}, {"formula", model.formula()}};
  json["constant"] = to_json(model.line.constant());
  json["terms"] = ordered_json::array();
  for (std::size_t i = 0; i < model.terms.size(); ++i)
    json["terms"].push_back(to_json(model.terms[i], model.line.slopes()[i]));
  json["runs"] = ordered_json::array();
  for (const compare::MeasuredRun& run : model.runs) json["runs"].push_back(to_json(run, model.terms));
  json["points"] = {{"are", name(model.basis)},
                    {"count", model.line.points()},
                    {"why", model.why},
                    {"between_runs", number_or_null(model.scatter.between)},
                    {"within_runs", number_or_null(model.scatter.within)},
                    {"f", number_or_null(model.scatter.f)},
                    {"p", number_or_null(model.scatter.p)}};
  json["fit"] = {{"r_squared", number_or_null(model.line.r_squared())},
                 {"rms", number_or_null(model.line.rms())},
                 {"deviation", number_or_null(model.line.deviation())},
                 {"degrees_of_freedom", model.line.degrees()},
                 {"farthest", {{"point", model.farthest}, {"by", model.farthest_by}}}};
  json["power_law"] = ordered_json();
  if (model.power_law)
    json["power_law"] = {{"factor", to_json(model.power_law->factor)},
                         {"exponent", to_json(model.power_law->exponent)},
                         {"left_out_error", number_or_null(model.choice.power_law_error)},
                         {"left_out_error_of_line", number_or_null(model.choice.line_error)},
                         {"better_form", name(model.choice.better)}};
  json["misfit"] = {{"line", model.line_misfit}, {"power_law", model.power_law_misfit}};
  json["forecasts"] = ordered_json::array();
  for (const compare::Forecast& one : model.forecasts) json["forecasts"].push_back(to_json(one, model.terms));
  return json;
}

ordered_json to_json(const compare::ModelPart& part) {
  ordered_json json{{"family", part.family},
                    {"runs", part.names},
                    {"trials", part.trials},
                    {"valid_trials", part.valid},
                    {"machines", part.machines}};
  json["unlike"] = ordered_json::array();
  for (const compare::Unlike& one : part.unlike)
    json["unlike"].push_back({{"what", one.what}, {"values", one.values}, {"of_machine", one.of_machine}});
  json["models"] = ordered_json::array();
  for (const compare::Model& model : part.models) json["models"].push_back(to_json(model));
  return json;
}

}  // namespace

std::span<const ModelFormat> model_formats() { return kFormats; }

std::string_view name(compare::Basis basis) { return basis == compare::Basis::trials ? "trials" : "medians"; }

std::string_view name(stats::Form form) {
  static constexpr std::array<std::string_view, 3> kNames{"line", "power law", "undecided"};
  return kNames[static_cast<std::size_t>(form)];
}

std::string print_model_csv(const compare::ModelReport& report) {
  std::string out = "family,metric,unit,item,name,value,low,high,error\r\n";
  for (const compare::ModelPart& part : report.parts)
    for (const compare::Model& model : part.models) out += rows_of(model);
  return out;
}

std::string print_model_json(const compare::ModelReport& report) {
  ordered_json parts = ordered_json::array();
  for (const compare::ModelPart& part : report.parts) parts.push_back(to_json(part));
  return record::json_text({{"tool", "tlbstorm"}, {"families", parts}, {"notes", report.notes}});
}

}  // namespace tlbstorm::report
