// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/os/units.hpp"
#include "harness/report/model_formats.hpp"
#include "harness/report/table.hpp"
#include "harness/report/wrap.hpp"

namespace tlbstorm::report {
namespace {

constexpr std::size_t kWidth = 100;

/// So many digits that matter, and large numbers as elsewhere.
std::string figure(double value, int digits = 4) {
  constexpr double kWhole = 1e4, kLarge = 1e5;
  const double size = std::abs(value);
  if (!(size < kLarge)) return os::format_figure(value);
  if (size >= kWhole && digits < 5) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}g}", value == 0 ? 0 : value, digits);
}

/// As many digits as it takes for an interval's ends to differ in two of them.
int digits_of(const stats::Interval& of) {
  constexpr int kFewest = 4, kMost = 8;
  const double width = (of.high - of.low) / std::max(std::abs(of.low), std::abs(of.high));
  return width > 0 ? std::clamp(static_cast<int>(std::ceil(1 - std::log10(width))), kFewest, kMost) : kFewest;
}

std::string interval(const stats::Interval& of) {
  return fmt::format("{} .. {}", figure(of.low, digits_of(of)), figure(of.high, digits_of(of)));
}

/// "  fit        " and the text, broken between words; what follows stands below its beginning.
std::string item(std::string_view title, std::string_view text) {
  constexpr std::size_t kTitle = 11;
  return wrap(fmt::format("  {:<{}}", title, kTitle), text, kWidth);
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  if (names.size() <= kMost) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{}, {}, {} ... {}", names[0], names[1], names[2], names.back());
}

/// One value among others in a line.
std::string shortened(const std::string& value) {
  constexpr std::size_t kMost = 40;
  return value.size() <= kMost ? value : fmt::format("{:.{}}...", value, kMost - 3);
}

std::string unlike_of(const compare::Unlike& one) {
  std::vector<std::string> values;
  for (const std::string& value : one.values) values.push_back(value.empty() ? "none" : shortened(value));
  return fmt::format("{} ({})", one.what, fmt::join(values, " | "));
}

std::string head(const compare::ModelPart& part) {
  std::string out = fmt::format("tlbstorm model: {}\n\n", part.family);
  out += item("runs", fmt::format("{}: {} ({} of {} trials valid)", part.names.size(), list_of(part.names),
                                  part.valid, part.trials));
  std::vector<std::string> of_machines, of_work;
  for (const compare::Unlike& one : part.unlike)
    (one.of_machine ? of_machines : of_work).push_back(unlike_of(one));
  if (part.machines.size() == 1) out += item("machine", part.machines.front());
  if (!of_machines.empty())
    out += item(part.machines.size() == 1 ? "" : "machines",
                fmt::format("not the same for all runs: {}", fmt::join(of_machines, ", ")));
  if (!of_work.empty())
    out +=
        item("differ", fmt::format("besides the terms, and are in no model: {}", fmt::join(of_work, ", ")));
  return out;
}

std::string coefficients(const compare::Model& model) {
  Table table(
      {{"", Table::Align::left}, {"estimate"}, {"95% interval"}, {"std. error"}, {"", Table::Align::left}});
  const auto add = [&](const std::string& name, const stats::Estimate& of, const std::string& meaning) {
    table.add(
        {name, figure(of.value, digits_of(of.interval)), interval(of.interval), figure(of.error), meaning});
  };
  add("a", model.line.constant(),
      model.terms.size() == 1 ? fmt::format("what is paid at {}", model.terms.front().place(0))
                              : "what is paid where all of them are 0");
  char letter = 'a';
  for (std::size_t i = 0; i < model.terms.size(); ++i)
    add(fmt::format("{}", ++letter), model.line.slopes()[i],
        fmt::format("the price of {}", model.terms[i].one_more()));
  return table.text("  ", false);
}

std::string fit(const compare::Model& model) {
  const bool medians = model.basis == compare::Basis::medians;
  const std::string points =
      medians ? fmt::format("{} medians, one of each run ({} trials): {}", model.line.points(),
                            model.trials(), model.why)
              : fmt::format("{} trials of {} runs: {}", model.line.points(), model.runs.size(), model.why);
  const double r_squared = model.line.r_squared();
  return item("points", points) +
         item("fit", fmt::format("R^2 {}; residuals: RMS {}, the largest {}{} at {}",
                                 std::isnan(r_squared) ? "- (the values don't vary)"
                                                       : fmt::format("{:.4f}", r_squared),
                                 figure(model.line.rms()), model.farthest_by > 0 ? "+" : "",
                                 figure(model.farthest_by), model.farthest));
}

std::string choice(const compare::Model& model) {
  const stats::FormChoice& made = model.choice;
  if (!model.any_fits())
    return fmt::format("NONE OF THESE FORMS FITS, so none of them predicts anything. Line: {}. Power law: {}",
                       model.line_misfit, model.power_law ? model.power_law_misfit : "needs values above 0");
  if (!model.line_misfit.empty()) return "the line does not fit: " + model.line_misfit;
  if (!model.power_law_misfit.empty()) return "the power law does not fit: " + model.power_law_misfit;
  if (std::isnan(made.line_error)) return "can't be told from fewer than 4 places";
  std::string errors =
      fmt::format("places left out are predicted by the rest to {} (line) and {} (power law), RMS",
                  figure(made.line_error), figure(made.power_law_error));
  switch (made.better) {
    case stats::Form::line:
      return fmt::format("the line fits better: {}", errors);
    case stats::Form::power_law:
      return fmt::format("the power law fits better: {}", errors);
    case stats::Form::undecided:
      return fmt::format("which of the two can't be told: {}", errors);
  }
  return errors;
}

std::string power_law(const compare::Model& model) {
  if (model.terms.size() > 1)
    return model.any_fits()
               ? ""
               : item("form", "THE PLANE DOES NOT FIT, and predicts nothing: " + model.line_misfit);
  if (!model.power_law)
    return item("power law", "none: it needs values above 0 of both") +
           (model.any_fits() ? "" : item("form", choice(model)));
  const stats::PowerLaw& law = *model.power_law;
  return item("power law",
              fmt::format("{} = k * {}^e: e = {} ({}), k = {} ({})", model.metric, model.terms.front().name,
                          figure(law.exponent.value), interval(law.exponent.interval),
                          figure(law.factor.value), interval(law.factor.interval))) +
         item("form", choice(model));
}

std::string forecasts(const compare::Model& model) {
  std::string out;
  const char* const what = model.basis == compare::Basis::medians ? "the median of a run" : "a trial";
  const auto worse = [&](stats::Form other) {
    return model.choice.better == other ? " (which fits worse)" : "";
  };
  for (const compare::Forecast& one : model.forecasts) {
    out += fmt::format("\n  at {}\n", one.place);
    const auto said = [&](const char* form, const stats::Prediction& of, stats::Form other) {
      return item(form, fmt::format("{}, 95% interval {}; of {} {}{}", figure(of.value, digits_of(of.mean)),
                                    interval(of.mean), what, interval(of.point), worse(other)));
    };
    if (!model.any_fits()) {
      out += item("none", "none of the forms fits the runs");
      continue;
    }
    if (one.line) out += said("line", *one.line, stats::Form::power_law);
    if (one.power_law) out += said("power law", *one.power_law, stats::Form::line);
    if (!one.beyond.empty())
      out += item("", fmt::format("{}: {}; the intervals hold only if the form does",
                                  one.far ? "A GUESS, FAR FROM WHAT WAS MEASURED" : "AN EXTRAPOLATION",
                                  fmt::join(one.beyond, "; ")));
  }
  return out;
}

std::string text_of(const compare::Model& model) {
  return fmt::format("\n{}   ({})\n\n{}\n{}{}{}", model.formula(),
                     model.unit.empty() ? "no unit" : model.unit, coefficients(model), fit(model),
                     power_law(model), forecasts(model));
}

}  // namespace

std::string print_model_text(const compare::ModelReport& report) {
  std::string out;
  for (const compare::ModelPart& part : report.parts) {
    out += fmt::format("{}{}", out.empty() ? "" : "\n", head(part));
    for (const compare::Model& model : part.models) out += text_of(model);
  }
  if (!report.notes.empty()) out += '\n';
  for (const std::string& note : report.notes) out += item("note", note);
  return out + "\n  ordinary least squares, Student's intervals; docs/statistics.md\n";
}

}  // namespace tlbstorm::report
