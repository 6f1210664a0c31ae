// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/floor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/record/reference.hpp"
#include "harness/stats/students_t.hpp"
#include "harness/trial/options.hpp"

namespace tlbstorm::compare {
namespace {

/// What has to be alike for a floor to be one of these runs.
std::string way_of(const record::RunFolder& run) {
  const record::RunManifest& manifest = run.manifest;
  std::string way =
      fmt::format("{} {} {}", record::machine_id(run), manifest.plan.workload, manifest.plan.trials);
  for (const trial::Option& option : trial::run_options())
    if (option.likeness == trial::Likeness::other_work)
      way += fmt::format(" {}={}", option.name, trial::exact(option, manifest.plan));
  for (const auto& [name, value] : manifest.plan.parameters.values())
    way += fmt::format(" {}={}", name, value);
  for (const record::TrialRecord& trial : manifest.trials)
    if (trial.kind == trial::TrialKind::measuring && trial.valid) return way + " " + trial.instrument;
  return way;
}

struct Spread {
  double squares = 0, degrees = 0;
  double variance() const { return degrees > 0 ? squares / degrees : 0; }
};

void add(Spread& spread, const std::vector<double>& values) {
  if (values.size() < 2) return;
  double mean = 0;
  for (const double value : values) mean += std::log(value) / static_cast<double>(values.size());
  for (const double value : values) spread.squares += (std::log(value) - mean) * (std::log(value) - mean);
  spread.degrees += static_cast<double>(values.size() - 1);
}

/// Of the trials around their runs.
Spread within(const Side& side, const std::string& metric) {
  Spread spread;
  for (const std::vector<double>& values : side.values_by_run(metric)) add(spread, values);
  return spread;
}

bool spreads_more(const Spread& side, const Spread& floor) {
  constexpr double kSurely = 0.01;
  if (side.degrees == 0 || floor.degrees == 0 || side.squares == 0) return false;
  return floor.squares == 0 || stats::variance_ratio_above(side.variance() / floor.variance(), side.degrees,
                                                           floor.degrees) < kSurely;
}

}  // namespace

std::string_view what_makes(Rung rung) {
  if (rung == Rung::boot) return "each of another boot";
  return rung == Rung::occasion ? "an hour or a boot apart" : "with a valid trial each";
}

double Floor::margin(std::size_t base, std::size_t next, double alpha) const {
  return stats::students_t_beyond(alpha, static_cast<double>(units - 1)) * deviation *
         std::sqrt(1 / static_cast<double>(base) + 1 / static_cast<double>(next));
}

double Floor::p_of(double excess, std::size_t base, std::size_t next) const {
  const double error = deviation * std::sqrt(1 / static_cast<double>(base) + 1 / static_cast<double>(next));
  if (error == 0) return excess > 0 ? 0 : 1;
  return stats::students_t_above(excess / error, static_cast<double>(units - 1));
}

std::string Floor::text() const {
  return fmt::format("the floor of {} {}s ({:.2g}%)", units, name(rung), 100 * deviation);
}

Floors::Floors(const std::filesystem::path& folder) {
  for (const std::filesystem::path& path : record::list_references(folder))
    runs_.push_back(record::read_run(path));
}

std::optional<Floor> Floors::find(const Side& base, const Side& next, const std::string& metric,
                                  Rung rung) const {
  const std::string way = way_of(base.runs().front());
  for (const Side* const side : {&base, &next})
    for (const record::RunFolder& run : side->runs())
      if (way_of(run) != way) return std::nullopt;
  std::vector<record::RunFolder> alike;
  for (const record::RunFolder& run : runs_)
    if (way_of(run) == way && run.find(metric) != nullptr) alike.push_back(run);
  if (alike.size() < kLeastOfAFloor) return std::nullopt;
  const Side same("floor", std::move(alike));
  std::vector<double> values;
  for (const Unit& unit : units_of(same, metric, rung)) values.push_back(unit.value);
  const auto positive = [](const std::vector<double>& all) {
    return !all.empty() && std::ranges::min(all) > 0;
  };
  if (values.size() < kLeastOfAFloor || !positive(same.values(metric)) || !positive(base.values(metric)) ||
      !positive(next.values(metric)))
    return std::nullopt;
  const Spread of_floor = within(same, metric);
  if (spreads_more(within(base, metric), of_floor) || spreads_more(within(next, metric), of_floor))
    return std::nullopt;
  Spread between;
  add(between, values);
  return Floor{rung, values.size(), std::sqrt(between.variance())};
}

}  // namespace tlbstorm::compare
