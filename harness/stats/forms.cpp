// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/forms.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace tlbstorm::stats {
namespace {

std::vector<double> logarithms(Values values) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  return logs;
}

Rows rows_of(Values x) {
  Rows rows;
  for (const double value : x) rows.push_back({value});
  return rows;
}

bool positive(Values values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
}

std::set<double> places(Values x) { return {x.begin(), x.end()}; }

Interval exponential(const Interval& interval) { return {std::exp(interval.low), std::exp(interval.high)}; }

/// Adds the squares of the errors at one place, of what the others say; false where they don't say anything,
/// as they are too close together.
bool leave_out(double place, Values x, Values y, double& line, double& power) {
  std::vector<double> rest_x, rest_y;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] != place) {
      rest_x.push_back(x[i]);
      rest_y.push_back(y[i]);
    }
  const std::optional<PowerLaw> curved = fit_power_law(rest_x, rest_y);
  if (!curved || !dependent_terms(rows_of(rest_x)).empty()) return false;
  const LinearFit straight(rows_of(rest_x), rest_y);
  const double by_line = straight.at(std::span(&place, 1)), by_power = curved->at(place);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] == place) {
      line += (y[i] - by_line) * (y[i] - by_line);
      power += (y[i] - by_power) * (y[i] - by_power);
    }
  return true;
}

}  // namespace

double PowerLaw::at(double x) const { return factor.value * std::pow(x, exponent.value); }

Prediction PowerLaw::predict(double x) const {
  const double place = std::log(x);
  const Prediction of_log = logs.predict(std::span(&place, 1));
  return {std::exp(of_log.value), exponential(of_log.mean), exponential(of_log.point)};
}

std::optional<PowerLaw> fit_power_law(Values x, Values y, double confidence) {
  if (!positive(x) || !positive(y) || places(x).size() < points_needed(1)) return std::nullopt;
  const Rows rows = rows_of(logarithms(x));
  if (!dependent_terms(rows).empty()) return std::nullopt;
  LinearFit logs(rows, logarithms(y), confidence);
  const Estimate& constant = logs.constant();
  const Estimate factor{std::exp(constant.value), constant.error, exponential(constant.interval)};
  const Estimate exponent = logs.slopes().front();
  return PowerLaw{std::move(logs), factor, exponent};
}

FormChoice choose_form(Values x, Values y) {
  constexpr std::size_t kFewest = 4;
  constexpr double kHalf = 0.5, kRounding = 1e-9;
  const std::set<double> all = places(x);
  if (all.size() < kFewest || !fit_power_law(x, y)) return {};
  double line = 0, power = 0;
  for (const double place : all)
    if (!leave_out(place, x, y, line, power)) return {};
  const auto points = static_cast<double>(x.size());
  FormChoice choice{std::sqrt(line / points), std::sqrt(power / points), Form::undecided};
  const double rounding = kRounding * *std::max_element(y.begin(), y.end());
  if (std::max(choice.line_error, choice.power_law_error) <= rounding) return choice;
  if (choice.line_error < kHalf * choice.power_law_error) choice.better = Form::line;
  if (choice.power_law_error < kHalf * choice.line_error) choice.better = Form::power_law;
  return choice;
}

}  // namespace tlbstorm::stats
