// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/model/model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/compare/comparison.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::compare {
namespace {

/// Below it the trials of a run are no points of their own. Higher than the 5% of a test that is to find
/// something, since here it is what is not found that makes the interval narrow: Bancroft, "Analysis and
/// Inference for Incompletely Specified Models Involving the Use of Preliminary Test(s) of Significance",
/// 1964, recommends 25%. docs/statistics.md has what either level does.
constexpr double kRunsDiffer = 0.25;

std::vector<std::string> names_of(const std::vector<Term>& terms) {
  std::vector<std::string> names;
  for (const Term& term : terms) names.push_back(term.name);
  return names;
}

std::string place_of(const std::vector<Term>& terms, const std::vector<double>& x) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < terms.size(); ++i) parts.push_back(terms[i].place(x[i]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// What the fit takes for its points.
struct Points {
  stats::Rows x;
  std::vector<double> y;
  std::vector<std::size_t> run_of;
  std::vector<std::string> names;

  void add(const std::vector<double>& place, double value, std::size_t run, std::string name) {
    x.push_back(place);
    y.push_back(value);
    run_of.push_back(run);
    names.push_back(std::move(name));
  }
};

Points trials_of(const std::vector<MeasuredRun>& runs) {
  Points points;
  for (std::size_t run = 0; run < runs.size(); ++run)
    for (const auto& [trial, value] : runs[run].by_trial)
      points.add(runs[run].x, value, run, fmt::format("{}, trial {}", runs[run].name, trial));
  return points;
}

Points medians_of(const std::vector<MeasuredRun>& runs) {
  Points points;
  for (std::size_t run = 0; run < runs.size(); ++run)
    points.add(runs[run].x, stats::median(runs[run].values()), run, runs[run].name);
  return points;
}

/// The runs that have valid values of the metric, each at its place.
std::vector<MeasuredRun> measured(const Family& family, const std::string& metric,
                                  const std::vector<Term>& terms) {
  std::vector<MeasuredRun> runs;
  for (const Observed& run : family.runs) {
    const record::Series* const series = run.find(metric);
    if (series == nullptr) continue;
    MeasuredRun one{run.name, {}, series->by_trial};
    for (const Term& term : terms) one.x.push_back(term.value(run.parameters.at(term.name)).value());
    runs.push_back(std::move(one));
  }
  return runs;
}

std::size_t places_of(const std::vector<MeasuredRun>& runs) {
  std::set<std::vector<double>> places;
  for (const MeasuredRun& run : runs) places.insert(run.x);
  return places.size();
}

void refuse_too_few(const std::string& metric, const std::vector<Term>& terms, std::size_t places) {
  const std::size_t needed = stats::points_needed(terms.size());
  if (places >= needed) return;
  const std::string where = fmt::format("{}", fmt::join(names_of(terms), " and "));
  throw os::Error(
      fmt::format("{} by {}: {} different place{} with valid trials; a fit of {} term{} needs {}", metric,
                  where, places, places == 1 ? "" : "s", terms.size(), terms.size() == 1 ? "" : "s", needed),
      fmt::format("make runs at {} or more values of {}; tlbstorm report tells why a trial is invalid",
                  needed, where));
}

/// Terms that can't be told apart on these runs.
void refuse_dependent(const std::string& metric, const std::vector<Term>& terms,
                      const std::vector<MeasuredRun>& runs, bool asked) {
  stats::Rows x;
  for (const MeasuredRun& run : runs) x.push_back(run.x);
  const std::vector<std::size_t> dependent = stats::dependent_terms(x);
  if (dependent.empty()) return;
  std::vector<std::string> names;
  for (const std::size_t term : dependent) names.push_back(terms[term].name);
  const bool alone = names.size() == 1;
  const std::string what =
      alone ? fmt::format("{} is the same in all runs that have {}", names[0], metric)
            : fmt::format("{} are collinear: in these runs {} follows from the other{}",
                          fmt::join(names, " and "), names.back(), names.size() > 2 ? "s" : "");
  const std::string remedy =
      alone ? "make runs in which it differs"
            : fmt::format("fit by one of them (--by {}), or make runs in which they differ independently",
                          names[0]);
  if (asked) throw os::UsageError("--by", fmt::format("{}", fmt::join(names_of(terms), ",")), what, remedy);
  throw os::Error(what, remedy);
}

/// Whether trials may be points, and why.
Basis basis_of(const stats::Scatter& scatter, std::string& why) {
  if (std::isnan(scatter.p)) {
    why = "a trial a run";
    return Basis::trials;
  }
  const std::string figures =
      fmt::format("{} around the line, {} within a run, {}", os::format_figure(scatter.between),
                  os::format_figure(scatter.within),
                  scatter.p < 1e-4 ? std::string("p < 0.0001") : fmt::format("p = {:.2g}", scatter.p));
  const bool differ = scatter.p < kRunsDiffer;
  why = fmt::format("runs lie {} off than their trials explain: {}", differ ? "further" : "no further",
                    figures);
  return differ ? Basis::medians : Basis::trials;
}

std::vector<std::string> beyond(const Model& model, const std::vector<double>& place) {
  std::vector<std::string> ways;
  for (std::size_t i = 0; i < model.terms.size(); ++i) {
    const auto [least, most] = std::minmax_element(
        model.runs.begin(), model.runs.end(),
        [&](const MeasuredRun& one, const MeasuredRun& other) { return one.x[i] < other.x[i]; });
    const double low = least->x[i], high = most->x[i];
    if (place[i] > high)
      ways.push_back(high > 0 ? fmt::format("{:.3g} times the largest measured, {}", place[i] / high,
                                            model.terms[i].place(high))
                              : fmt::format("beyond the largest measured, {}", model.terms[i].place(high)));
    if (place[i] < low)
      ways.push_back(fmt::format("below the smallest measured, {}", model.terms[i].place(low)));
  }
  // A little more than a point's own, which the same sums in another order may come to.
  if (ways.empty() && model.line.leverage(place) > 1.000001 * model.line.largest_leverage())
    ways.push_back(fmt::format("no run has such {} together", fmt::join(names_of(model.terms), " and ")));
  return ways;
}

bool is_far(const Model& model, const std::vector<double>& place) {
  for (std::size_t i = 0; i < place.size(); ++i)
    if (std::ranges::all_of(model.runs, [&](const MeasuredRun& run) { return place[i] > kFar * run.x[i]; }))
      return true;
  return false;
}

void forecast(Model& model, const std::vector<std::string>& at) {
  for (const std::string& text : at) {
    const std::vector<double> place = parse_place(text, model.terms);
    Forecast one{place_of(model.terms, place), place, {}, {}, beyond(model, place), is_far(model, place)};
    if (model.line_misfit.empty()) one.line = model.line.predict(place);
    if (model.power_law && model.power_law_misfit.empty() && place.front() > 0)
      one.power_law = model.power_law->predict(place.front());
    model.forecasts.push_back(std::move(one));
  }
}

void add_power_law(Model& model, const Points& points, double confidence) {
  const auto first = [](const stats::Rows& rows) {
    std::vector<double> x;
    for (const std::vector<double>& row : rows) x.push_back(row.front());
    return x;
  };
  model.power_law = stats::fit_power_law(first(points.x), points.y, confidence);
  const Points medians = medians_of(model.runs);
  model.choice = stats::choose_form(first(medians.x), medians.y);
  if (const auto law = stats::fit_power_law(first(medians.x), medians.y)) {
    const auto log = [](double value) { return std::log(value); };
    stats::Rows x = medians.x;
    std::vector<double> y = medians.y;
    for (std::vector<double>& row : x) row.front() = log(row.front());
    std::ranges::transform(y, y.begin(), log);
    model.power_law_misfit = stats::misfit(law->logs, x, y);
  }
}

/// By the medians: trials of one run lie on one side of any form together.
void look_for_misfit(Model& model) {
  const Points medians = medians_of(model.runs);
  if (medians.y.size() >= stats::points_needed(model.terms.size()))
    model.line_misfit = stats::misfit(stats::LinearFit(medians.x, medians.y), medians.x, medians.y);
}

Model make_model(const Family& family, const std::string& metric, const std::vector<Term>& terms,
                 const ModelOptions& options) {
  std::vector<MeasuredRun> runs = measured(family, metric, terms);
  const std::size_t places = places_of(runs);
  // Through so few places as there are terms, any of them follows from the others.
  if (places > terms.size()) refuse_dependent(metric, terms, runs, !options.by.empty());
  refuse_too_few(metric, terms, places);
  Points points = trials_of(runs);
  stats::LinearFit line(points.x, points.y, options.confidence);
  const stats::Scatter around = stats::scatter(line, points.run_of);
  std::string why;
  const Basis basis = basis_of(around, why);
  if (basis == Basis::medians) {
    points = medians_of(runs);
    line = stats::LinearFit(points.x, points.y, options.confidence);
  }
  const auto unit = [&] {
    for (const Observed& run : family.runs)
      if (const auto* const series = run.find(metric)) return series->unit;
    return std::string();
  };
  Model model{
      family.name, metric, unit(), terms, std::move(runs), basis, why, around, std::move(line), "", 0, {},
      {},          "",     "",     {}};
  const std::vector<double>& residuals = model.line.residuals();
  const auto farthest = std::max_element(residuals.begin(), residuals.end(),
                                         [](double a, double b) { return std::abs(a) < std::abs(b); });
  model.farthest = points.names[static_cast<std::size_t>(farthest - residuals.begin())];
  model.farthest_by = *farthest;
  look_for_misfit(model);
  if (terms.size() == 1) add_power_law(model, points, options.confidence);
  forecast(model, options.at);
  return model;
}

std::vector<std::string> asked_metrics(const Family& family, const std::vector<std::string>& of) {
  std::vector<std::string> metrics = family.metrics();
  const std::vector<std::string>& globs = of.empty() ? family.usual_metrics : of;
  std::erase_if(metrics, [&](const std::string& metric) { return !wanted(globs, metric); });
  return metrics;
}

void refuse_unknown_metrics(const Families& families, const std::vector<std::string>& of) {
  std::vector<std::string> known;
  for (const Family& family : families.families)
    for (const std::string& metric : family.metrics()) known.push_back(metric);
  require_metrics("--of", of, known);
}

ModelPart begin_part(const Family& family) {
  ModelPart part;
  part.family = family.name;
  for (const Observed& run : family.runs) {
    part.names.push_back(run.name);
    part.trials += run.trials;
    part.valid += run.valid;
    record::RunFolder folder{run.from, run.manifest, {}, {}, {}, {}};
    const std::string machine = machine_of(Side("", {std::move(folder)}));
    if (std::find(part.machines.begin(), part.machines.end(), machine) == part.machines.end())
      part.machines.push_back(machine);
  }
  return part;
}

/// What keeps one metric from being fitted need not keep the others.
class Maker {
 public:
  explicit Maker(const ModelOptions& options) : options_(options) {}

  void add(const Family& family) {
    ModelPart part = begin_part(family);
    attempt(family, [&] {
      if (part.valid == 0)
        throw os::Error(fmt::format("no trial of the runs of {} is valid", family.name),
                        fmt::format("look at why: tlbstorm report {}", family.runs.front().from));
      const std::vector<std::string> metrics = asked_metrics(family, options_.of);
      if (metrics.empty())
        throw os::Error(fmt::format("the runs of {} have none of the metrics asked for", family.name),
                        fmt::format("name one with --of; they have {}", fmt::join(family.metrics(), ", ")));
      const std::vector<Term> terms = choose_terms(family, options_.by);
      part.unlike = unlike(family, terms);
      for (const std::string& metric : metrics)
        attempt(family, [&] { part.models.push_back(make_model(family, metric, terms, options_)); });
    });
    if (!part.models.empty()) report_.parts.push_back(std::move(part));
  }

  ModelReport take(const std::vector<std::string>& notes) && {
    if (report_.parts.empty()) std::rethrow_exception(first_);
    report_.notes.insert(report_.notes.begin(), notes.begin(), notes.end());
    return std::move(report_);
  }

 private:
  template <typename Body>
  void attempt(const Family& family, const Body& body) {
    try {
      body();
    } catch (const os::Error& error) {
      if (first_ == nullptr) first_ = std::current_exception();
      report_.notes.push_back(fmt::format("{}: not fitted: {}", family.name, error.what()));
    }
  }

  const ModelOptions& options_;
  ModelReport report_;
  std::exception_ptr first_;
};

}  // namespace

std::vector<double> MeasuredRun::values() const {
  std::vector<double> all;
  for (const auto& [trial, value] : by_trial) all.push_back(value);
  return all;
}

std::size_t Model::trials() const {
  std::size_t count = 0;
  for (const MeasuredRun& run : runs) count += run.by_trial.size();
  return count;
}

std::string Model::formula() const {
  std::string text = fmt::format("{} = a", metric);
  char letter = 'a';
  for (const Term& term : terms) text += fmt::format(" + {} * {}", ++letter, term.name);
  return text;
}

ModelReport make_models(const Families& families, const ModelOptions& options) {
  const bool any_valid = std::any_of(families.families.begin(), families.families.end(),
                                     [](const Family& family) { return !family.metrics().empty(); });
  if (any_valid) refuse_unknown_metrics(families, options.of);
  Maker maker(options);
  for (const Family& family : families.families) maker.add(family);
  return std::move(maker).take(families.notes);
}

}  // namespace tlbstorm::compare
