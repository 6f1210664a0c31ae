// SPDX-License-Identifier: Apache-2.0
#include "harness/record/run_folder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/record/csv.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

ordered_json read_manifest(const fs::path& path) {
  const fs::path file = path / kManifestFile;
  if (!fs::exists(file))
    throw os::Error(fmt::format("{}: not a run folder, it has no {}", path.native(), kManifestFile),
                    "give the folder that `tlbstorm run` named at its end");
  ordered_json manifest = ordered_json::parse(os::read_text(file), nullptr, false);
  if (!manifest.is_object() || !manifest["schema"].is_number_integer() || !manifest["trials"].is_array() ||
      !manifest["plan"].is_object())
    throw os::Error(fmt::format("{}: damaged, not a manifest of tlbstorm", file.native()));
  if (manifest["schema"].get<int>() > kSchemaVersion)
    throw os::Error(fmt::format("{}: schema {} is newer than this tool's {}", file.native(),
                                manifest["schema"].get<int>(), kSchemaVersion),
                    "read it with the version of tlbstorm that made it, or a later one");
  return manifest;
}

void remark_if_cut(const CsvReader& reader, RunFolder& run) {
  if (reader.truncated())
    run.remarks.push_back(
        fmt::format("{}: the last row was cut off and is left out", reader.path().native()));
}

void read_trials(RunFolder& run) {
  const fs::path file = run.path / kTrialsFile;
  if (!fs::exists(file)) return;
  CsvReader reader(file);
  const std::size_t trial = reader.column("trial"), metric = reader.column("metric"),
                    unit = reader.column("unit"), value = reader.column("value");
  std::vector<std::string> row;
  while (reader.next(row)) {
    auto found = std::find_if(run.series.begin(), run.series.end(),
                              [&](const Series& series) { return series.metric == row[metric]; });
    if (found == run.series.end()) found = run.series.insert(found, {row[metric], row[unit], {}});
    found->by_trial[static_cast<int>(to_double(reader, row[trial]))] = to_double(reader, row[value]);
  }
  remark_if_cut(reader, run);
}

void read_rounds(RunFolder& run) {
  const fs::path file = run.path / kRoundsFile;
  if (!fs::exists(file)) return;
  CsvReader reader(file);
  const std::size_t trial = reader.column("trial"), round = reader.column("round"),
                    metric = reader.column("metric"), value = reader.column("value");
  std::vector<std::string> row;
  while (reader.next(row)) {
    const int t = static_cast<int>(to_double(reader, row[trial]));
    const int r = static_cast<int>(to_double(reader, row[round]));
    if (run.rounds.empty() || run.rounds.back().trial != t || run.rounds.back().round != r)
      run.rounds.push_back({t, r, {}});
    run.rounds.back().figures[row[metric]] = to_double(reader, row[value]);
  }
  remark_if_cut(reader, run);
}

void read_latencies(RunFolder& run) {
  const fs::path file = run.path / kLatencyFile;
  if (!fs::exists(file) || run.manifest["schema"] < 2) return;  // the first schema kept no classes
  CsvReader reader(file);
  const std::size_t trial = reader.column("trial"), access = reader.column("access"),
                    met = reader.column("met"), from = reader.column("from_ns"), to = reader.column("to_ns"),
                    count = reader.column("count");
  std::vector<std::string> row;
  while (reader.next(row))
    run.latencies.push_back({static_cast<int>(to_double(reader, row[trial])), row[access], row[met],
                             to_double(reader, row[from]), to_double(reader, row[to]),
                             to_double(reader, row[count])});
  remark_if_cut(reader, run);
}

}  // namespace

const Series* RunFolder::find(std::string_view metric) const {
  for (const Series& candidate : series)
    if (candidate.metric == metric) return &candidate;
  return nullptr;
}

std::vector<double> RunFolder::values(std::string_view metric) const {
  const Series* const one = find(metric);
  if (one == nullptr) return {};
  std::vector<double> of_valid, all;
  for (const auto& [trial, value] : one->by_trial) {
    all.push_back(value);
    if (valid(trial)) of_valid.push_back(value);
  }
  std::vector<double>& chosen = of_valid.empty() ? all : of_valid;
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::optional<double> RunFolder::median(std::string_view metric) const {
  const std::vector<double> sorted = values(metric);
  const std::size_t n = sorted.size();
  if (n == 0) return std::nullopt;
  return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

bool RunFolder::valid(int trial) const {
  for (const auto& entry : manifest["trials"])
    if (entry.value("trial", 0) == trial) return entry.value("valid", false);
  return false;
}

RunFolder read_run(const fs::path& path) {
  RunFolder run;
  run.path = path;
  run.manifest = read_manifest(path);
  if (run.manifest.value("state", "") == "running")
    run.remarks.emplace_back("the run has not ended, or its tool was killed: what it had measured is shown");
  read_trials(run);
  read_rounds(run);
  read_latencies(run);
  return run;
}

}  // namespace tlbstorm::record
