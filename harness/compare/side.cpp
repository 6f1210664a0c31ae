// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/side.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/judge/emulation.hpp"
#include "harness/judge/metrics.hpp"
#include "harness/judge/sample_digest.hpp"
#include "harness/os/error.hpp"
#include "harness/record/batch.hpp"
#include "harness/record/benchmark_json.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/schema.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::compare {
namespace {

namespace fs = std::filesystem;
using record::RunFolder;

/// The metric's values over the run's valid trials.
std::vector<double> valid_values(const RunFolder& run, std::string_view metric) {
  std::vector<double> values;
  if (const record::Series* const series = run.find(metric))
    for (const auto& [trial, value] : series->by_trial)
      if (run.valid(trial) && std::isfinite(value)) values.push_back(value);
  return values;
}

void add_path(const fs::path& path, std::vector<RunFolder>& runs) {
  if (record::is_benchmark_file(path)) {
    runs.push_back(record::read_benchmark(path));
    return;
  }
  if (!record::is_batch(path)) {
    runs.push_back(record::read_run(path));
    return;
  }
  record::Batch batch = record::read_batch(path);
  for (record::BatchEntry& entry : batch.entries)
    if (entry.run) runs.push_back(std::move(*entry.run));
}

/// The columns of samples.csv as metrics beside the others.
void add_raw(RunFolder& run) {
  const judge::SampleDigest digest = judge::digest_samples(run);
  for (const judge::DigestSeries& one : digest.series) {
    run.series.push_back({one.column, one.unit, one.by_trial});
    record::set_explaining_apart(run.manifest, run.series.back());
  }
  run.remarks.insert(run.remarks.end(), digest.remarks.begin(), digest.remarks.end());
}

/// What Google Benchmark itself reports of each benchmark.
trial::Better direction_of_counter(std::string_view counter) {
  if (counter == "real_time" || counter == "cpu_time" || counter == metric::kNsPerPage)
    return trial::Better::lower;
  if (counter == "bytes_per_second" || counter == "items_per_second") return trial::Better::higher;
  return counter.starts_with("ipis_per_") || counter.starts_with("flushes_") ? trial::Better::lower
                                                                             : trial::Better::neither;
}

}  // namespace

bool holds_runs(const fs::path& path) {
  return record::is_benchmark_file(path) || record::is_batch(path) ||
         record::may_be_there(path / record::kManifestFile);
}

trial::Better direction(const RunFolder& run, std::string_view metric) {
  if (run.manifest.plan.workload == record::kBenchmark)
    return direction_of_counter(metric.substr(metric.rfind('/') + 1));
  for (const judge::Metric& one : judge::metrics())
    if (one.name == metric) return one.better;
  for (const trial::OwnFigure& figure : run.manifest.workload.figures)
    if (figure.name == metric) return figure.better;
  return trial::Better::neither;
}

Side::Side(std::string name, std::vector<RunFolder> runs) : name_(std::move(name)), runs_(std::move(runs)) {
  for (const RunFolder& run : runs_) {
    trials_ += run.manifest.measuring_trials();
    valid_ += run.manifest.valid_trials();
    for (const record::Series& series : run.series)
      if (std::none_of(metrics_.begin(), metrics_.end(),
                       [&](const MetricInfo& known) { return known.name == series.metric; }))
        metrics_.push_back({series.metric, series.unit, direction(run, series.metric)});
  }
}

bool Side::has(std::string_view metric) const {
  return std::any_of(metrics_.begin(), metrics_.end(),
                     [&](const MetricInfo& one) { return one.name == metric; });
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

bool Side::only_explained(std::string_view metric) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const RunFolder& run) {
    const record::Series* const series = run.find(metric);
    if (series == nullptr || series->by_trial.empty()) return false;
    const record::TrialRecord* const trial = run.manifest.find(series->by_trial.begin()->first);
    return trial != nullptr && trial->kind == trial::TrialKind::explaining;
  });
}

std::string Side::instrument() const {
  std::set<std::string> all;
  for (const RunFolder& run : runs_)
    for (const record::TrialRecord& trial : run.manifest.trials)
      if (trial.kind == trial::TrialKind::measuring && trial.valid) all.insert(trial.instrument);
  return fmt::format("{}", fmt::join(all, " or "));
}

bool instrument_differs(const Side& base, const Side& next, const MetricInfo& metric) {
  return judge::depends_on_time(metric.name, metric.unit) && base.instrument() != next.instrument();
}

namespace {

/// The trials of a run that measure and have ended, and the names of the outcomes that it did not expect.
struct RunEnd {
  std::size_t ended = 0;
  std::vector<std::string> unexpected;
};
RunEnd end_of(const RunFolder& run) {
  RunEnd end;
  for (const record::TrialRecord& trial : run.manifest.trials) {
    if (trial.kind != trial::TrialKind::measuring || !trial.outcome) continue;
    ++end.ended;
    if (*trial.outcome != run.manifest.plan.expect) end.unexpected.emplace_back(trial::name(*trial.outcome));
  }
  return end;
}

}  // namespace

Ends Side::ends() const {
  Ends ends;
  std::map<std::string, int> unexpected;
  const bool by_run = runs_.size() > 1 || !lost_.empty();
  for (const RunFolder& run : runs_) {
    RunEnd end = end_of(run);
    if (by_run && !end.unexpected.empty()) end.unexpected.resize(1);
    ends.ended += by_run ? (end.ended > 0 ? 1 : 0) : end.ended;
    for (const std::string& outcome : end.unexpected) ++unexpected[outcome];
  }
  for (const std::string& how : lost_) ++unexpected[how];
  ends.ended += lost_.size();
  if (by_run) ends.of = "runs";
  for (const auto& [outcome, count] : unexpected) {
    ends.unexpected += static_cast<std::size_t>(count);
    ends.how += fmt::format("{}{} {}", ends.how.empty() ? "" : ", ", outcome, count);
  }
  return ends;
}

std::string Side::doubt() const {
  std::map<std::string, int> unknown;
  for (const RunFolder& run : runs_) {
    if (run.manifest.lock == "ignored")
      return name_ + ": other runs were not kept away while it was measured (--ignore-lock)";
    for (const record::TrialRecord& trial : run.manifest.trials)
      for (const os::Finding& check : trial.checks)
        if (trial.kind == trial::TrialKind::measuring && trial.valid && check.decides &&
            check.grade == os::Grade::unknown)
          ++unknown[check.id];
  }
  if (unknown.empty()) return "";
  const auto& [check, trials] =
      *std::ranges::max_element(unknown, {}, [](const auto& one) { return one.second; });
  return fmt::format("{}: of {} valid trial{} nobody knows {}", name_, trials, trials == 1 ? "" : "s", check);
}

std::string Side::corruption() const {
  std::uint64_t pages = 0;
  for (const RunFolder& run : runs_)
    for (const record::TrialRecord& trial : run.manifest.trials) pages += trial.wrong_pages.count;
  return pages == 0 ? ""
                    : fmt::format("{}: DATA CORRUPTION: {} page{} came back wrong: see tlbstorm report",
                                  name_, pages, pages == 1 ? "" : "s");
}

bool Side::was_made() const { return trials_ > 0 || !lost_.empty(); }

Side make_side(const std::string& name, std::vector<RunFolder> runs, bool raw) {
  if (runs.empty())
    throw os::Error(fmt::format("the {} has no run", name), "name the folders of runs that were made");
  if (raw)
    for (RunFolder& run : runs) add_raw(run);
  return Side(name, std::move(runs));
}

Side read_side(const std::string& name, const std::vector<fs::path>& paths, bool raw) {
  std::vector<RunFolder> runs;
  for (const fs::path& path : paths) add_path(path, runs);
  return make_side(name, std::move(runs), raw);
}

std::string describe_side(const Side& side) {
  std::vector<std::string> folders;
  for (const record::RunFolder& run : side.runs()) folders.push_back(run.path.native());
  constexpr std::size_t kMost = 3;
  const std::string all = folders.size() > kMost ? fmt::format("{} to {}, {} runs", folders.front(),
                                                               folders.back(), folders.size())
                                                 : fmt::format("{}", fmt::join(folders, ", "));
  return fmt::format("{} ({} of {} trials valid)", all, side.valid_trials(), side.trials());
}

std::string machine_of(const Side& side) {
  const record::RunManifest& manifest = side.manifest();
  const std::string hypervisor = manifest.fact("hypervisor", "");
  if (manifest.fact("cpu_model", "").empty()) {  // all that Google Benchmark tells
    const std::string cpus = manifest.fact("num_cpus", "");
    return cpus.empty() ? "not recorded" : fmt::format("{} CPUs", cpus);
  }
  return fmt::format("{}, {}{}", manifest.fact("cpu_model"), manifest.topology,
                     hypervisor.empty() || hypervisor == "none" ? "" : ", guest of " + hypervisor);
}

}  // namespace tlbstorm::compare
