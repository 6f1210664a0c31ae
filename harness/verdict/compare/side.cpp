// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/compare/side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/os/error.hpp"
#include "harness/record/batch.hpp"
#include "harness/verdict/metrics.hpp"

namespace tlbstorm::verdict {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using record::RunFolder;

trial::Better named(std::string_view text) {
  if (text == name(trial::Better::lower)) return trial::Better::lower;
  if (text == name(trial::Better::higher)) return trial::Better::higher;
  return trial::Better::neither;
}

/// The metric's values over the run's valid trials.
std::vector<double> valid_values(const RunFolder& run, std::string_view metric) {
  std::vector<double> values;
  if (const record::Series* const series = run.find(metric))
    for (const auto& [trial, value] : series->by_trial)
      if (run.valid(trial) && std::isfinite(value)) values.push_back(value);
  return values;
}

void add_folder(const fs::path& path, std::vector<RunFolder>& runs) {
  if (!record::is_batch(path)) {
    runs.push_back(record::read_run(path));
    return;
  }
  record::Batch batch = record::read_batch(path);
  for (record::BatchEntry& entry : batch.entries)
    if (entry.run) runs.push_back(std::move(*entry.run));
}

}  // namespace

trial::Better direction(const RunFolder& run, std::string_view metric) {
  for (const Metric& one : metrics())
    if (one.name == metric) return one.better;
  for (const auto& figure : run.manifest["plan"].value("figures", ordered_json::array()))
    if (figure.value("name", "") == metric) return named(figure.value("better", ""));
  return trial::Better::neither;
}

Side::Side(std::string name, std::vector<RunFolder> runs) : name_(std::move(name)), runs_(std::move(runs)) {
  for (const RunFolder& run : runs_) {
    for (const auto& entry : run.manifest["trials"]) {
      ++trials_;
      valid_ += entry.value("valid", false) ? 1 : 0;
    }
    for (const record::Series& series : run.series)
      if (std::none_of(metrics_.begin(), metrics_.end(),
                       [&](const MetricInfo& known) { return known.name == series.metric; }))
        metrics_.push_back({series.metric, series.unit, direction(run, series.metric)});
  }
}

std::vector<double> Side::values(std::string_view metric) const {
  std::vector<double> all;
  for (const RunFolder& run : runs_) {
    const std::vector<double> values = valid_values(run, metric);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

std::vector<std::vector<double>> Side::values_by_run(std::string_view metric) const {
  std::vector<std::vector<double>> all;
  for (const RunFolder& run : runs_) all.push_back(valid_values(run, metric));
  return all;
}

bool Side::was_made() const { return trials_ > 0; }

Side read_side(const std::string& name, const std::vector<fs::path>& paths) {
  std::vector<RunFolder> runs;
  for (const fs::path& path : paths) add_folder(path, runs);
  if (runs.empty())
    throw os::Error(fmt::format("{}: there is no run in it", paths.empty() ? name : paths.front().native()),
                    "name the folders of runs that were made");
  return Side(name, std::move(runs));
}

}  // namespace tlbstorm::verdict
