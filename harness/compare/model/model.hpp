// SPDX-License-Identifier: Apache-2.0
// What a metric costs as a function of parameters: the price of one more worker or page, how well that
// describes the runs, and what it says of places where nobody measured.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/compare/model/family.hpp"
#include "harness/compare/model/term.hpp"
#include "harness/stats/forms.hpp"
#include "harness/stats/lack_of_fit.hpp"
#include "harness/stats/least_squares.hpp"

namespace tlbstorm::compare {

struct ModelOptions {
  std::vector<std::string> of = {};  ///< metrics, by globs; empty: what is usual for the workload
  std::vector<std::string> by = {};  ///< parameters; empty: what was swept, else all that differ
  std::vector<std::string> at = {};  ///< places: "workers=256,region=64M", each a value for every term
  double confidence = 0.95;          ///< of intervals
};

/// A run at its place, with the values of its valid trials.
struct MeasuredRun {
  std::string name;
  std::vector<double> x;
  std::map<int, double> by_trial;
  std::vector<double> values() const;
};

/// What the fit takes for its points. Trials of a run share what the run had in common: they are points only
/// where the runs don't scatter more than their trials explain.
enum class Basis { trials, medians };

/// A place that was asked for, and what those forms say of it that fit.
struct Forecast {
  std::string place;
  std::vector<double> x;
  std::optional<stats::Prediction> line, power_law;
  std::vector<std::string> beyond;  ///< in which way it is an extrapolation; empty where it is none
  bool far = false;                 ///< beyond kFar times the largest that was measured
};
inline constexpr double kFar = 4;

struct Model {
  std::string family, metric, unit;
  std::vector<Term> terms;
  std::vector<MeasuredRun> runs;
  Basis basis = Basis::trials;
  std::string why;  ///< that basis
  stats::Scatter scatter;
  stats::LinearFit line;
  std::string farthest;  ///< the point that lies farthest from the line
  double farthest_by = 0;
  std::optional<stats::PowerLaw> power_law;
  stats::FormChoice choice;
  /// What speaks against either form (stats/lack_of_fit.hpp); empty where it fits.
  std::string line_misfit, power_law_misfit;
  std::vector<Forecast> forecasts;

  std::size_t trials() const;
  std::string formula() const;  ///< "ipis_per_page = a + b * workers"
  bool any_fits() const { return line_misfit.empty() || (power_law && power_law_misfit.empty()); }
};

/// Something recorded that is not the same in all runs of a family, and no term.
struct Unlike {
  std::string what;
  std::vector<std::string> values;
  bool of_machine = false;
};

/// The models of a family, and what they are made of.
struct ModelPart {
  std::string family;
  std::vector<std::string> names;  ///< of the runs
  int trials = 0, valid = 0;
  std::vector<std::string> machines;  ///< each once
  std::vector<Unlike> unlike;
  std::vector<Model> models;
};

struct ModelReport {
  std::vector<ModelPart> parts;
  std::vector<std::string> notes;
};

/// Fits every metric asked for, in every family that has it. What can't be fitted is a note beside what can.
/// Throws os::UsageError, or os::Error, that says what is lacking, when nothing can.
ModelReport make_models(const Families& families, const ModelOptions& options);

/// The terms of a family's models. Throws os::UsageError for a name that can't be one, and os::Error when no
/// number differs.
std::vector<Term> choose_terms(const Family& family, const std::vector<std::string>& by);

/// What differs between the runs besides the terms.
std::vector<Unlike> unlike(const Family& family, const std::vector<Term>& terms);

/// A place from the command line. Throws os::UsageError unless it has a value for every term and nothing
/// else.
std::vector<double> parse_place(const std::string& text, const std::vector<Term>& terms);

}  // namespace tlbstorm::compare
