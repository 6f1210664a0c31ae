// SPDX-License-Identifier: Apache-2.0
#include "harness/record/run_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <set>

#include "harness/os/error.hpp"
#include "harness/os/journal_file.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/process.hpp"
#include "harness/record/csv_reader.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {
namespace {

namespace fs = std::filesystem;

using trial::TrialKind;

using Fields = std::vector<std::string_view>;

/// One table of a run folder: its rows belong to trials that the manifest knows.
class TrialTable {
 public:
  TrialTable(const RunFolder& run, const char* file)
      : reader_(run.path / file), trial_(reader_.column("trial")), where_(run.manifest.trials_are_in()) {
    for (const TrialRecord& trial : run.manifest.trials) trials_.insert(trial.trial);
  }

  bool next() { return reader_.next(row_); }
  std::size_t column(std::string_view name) const { return reader_.column(name); }
  std::string_view text(std::size_t column) const { return row_[column]; }
  std::string name(std::size_t column) const { return to_text(reader_, row_[column]); }
  double number(std::size_t column) const { return to_double(reader_, row_[column]); }
  int index(std::string_view what, std::size_t column) const { return to_index(reader_, what, row_[column]); }
  int trial() const {
    const int trial = index("trial", trial_);
    if (!trials_.contains(trial)) reader_.complain(fmt::format("{} has no trial {}", where_, trial));
    return trial;
  }
  const CsvReader& reader() const { return reader_; }
  void end(RunFolder& run) const {
    if (reader_.truncated())
      run.remarks.push_back(
          fmt::format("{}: the last row was cut off and is left out", reader_.path().native()));
  }

 private:
  CsvReader reader_;
  std::size_t trial_;
  std::set<int> trials_;
  const char* where_;  ///< the trials are told
  Fields row_;
};

/// Names that earlier schemas had for metrics and units, frozen.
std::string name_now(const RunFolder& run, const std::string& name) {
  static const std::map<std::string_view, std::string> kNow{{"handlers", "IPIs"},
                                                            {"handlers/page", "IPIs/page"},
                                                            {"handlers/op", "IPIs/op"},
                                                            {"handlers/s", "IPIs/s"},
                                                            {"stolen_time", "bystander_lost_time"},
                                                            {"stolen_gaps", "bystander_gaps"},
                                                            {"stolen_gap_p50", "bystander_gap_p50"},
                                                            {"stolen_gap_max", "bystander_gap_max"}};
  const auto found = run.manifest.schema < kFindingsSchema ? kNow.find(name) : kNow.end();
  return found == kNow.end() ? name : found->second;
}

void read_trials(RunFolder& run) {
  if (!has_text(run.path / kTrialsFile)) return;
  TrialTable table(run, kTrialsFile);
  const std::size_t metric = table.column("metric"), unit = table.column("unit"),
                    value = table.column("value");
  while (table.next()) {
    const std::string name = name_now(run, std::string(table.text(metric)));
    auto found = std::find_if(run.series.begin(), run.series.end(),
                              [&](const Series& series) { return series.metric == name; });
    if (found == run.series.end())
      found =
          run.series.insert(found, {name_now(run, table.name(metric)), name_now(run, table.name(unit)), {}});
    const int trial = table.trial();
    if (const double number = table.number(value); !std::isnan(number)) found->by_trial[trial] = number;
  }
  table.end(run);
}

void read_rounds(RunFolder& run) {
  if (!has_text(run.path / kRoundsFile)) return;
  TrialTable table(run, kRoundsFile);
  const std::size_t round = table.column("round"), metric = table.column("metric"),
                    value = table.column("value");
  while (table.next()) {
    const int t = table.trial(), r = table.index("round", round);
    if (run.rounds.empty() || run.rounds.back().trial != t || run.rounds.back().round != r)
      run.rounds.push_back({t, r, {}});
    if (const double number = table.number(value); !std::isnan(number))
      run.rounds.back().figures[name_now(run, table.name(metric))] = number;
  }
  table.end(run);
}

void read_latencies(RunFolder& run) {
  constexpr double kLongest = 1e18;  // ns: any 64-bit count of them holds that
  if (!has_text(run.path / kLatencyFile) || run.manifest.schema < 2)
    return;  // the first schema kept no classes
  TrialTable table(run, kLatencyFile);
  const std::size_t access = table.column("access"), met = table.column("met"),
                    from = table.column("from_ns"), to = table.column("to_ns"), count = table.column("count");
  while (table.next()) {
    LatencyRow row{table.trial(),      table.name(access), table.name(met),
                   table.number(from), table.number(to),   table.number(count)};
    if (!(row.from_ns >= 0 && row.from_ns < row.to_ns && row.to_ns <= kLongest && row.count > 0))
      table.reader().complain("not a bucket of times: from_ns, to_ns and count of those between");
    run.latencies.push_back(std::move(row));
  }
  table.end(run);
}

}  // namespace

void set_explaining_apart(const RunManifest& manifest, Series& series) {
  const auto explains = [&](int trial) {
    const TrialRecord* const found = manifest.find(trial);
    return found != nullptr && found->kind == TrialKind::explaining;
  };
  // Where a trial that measured ended well and has no value, it was not to have one.
  const bool for_explaining =
      std::any_of(manifest.trials.begin(), manifest.trials.end(),
                  [&](const TrialRecord& trial) {
                    return trial.kind == TrialKind::measuring && trial.outcome == manifest.plan.expect;
                  }) &&
      std::all_of(series.by_trial.begin(), series.by_trial.end(),
                  [&](const auto& value) { return explains(value.first); });
  if (for_explaining) return;
  for (auto value = series.by_trial.begin(); value != series.by_trial.end();)
    if (explains(value->first))
      series.explaining.insert(series.by_trial.extract(value++));
    else
      ++value;
}

namespace {

void keep_what_measures(RunFolder& run) {
  for (Series& series : run.series) set_explaining_apart(run.manifest, series);
  const auto explains = [&](const auto& row) {
    const TrialRecord* const trial = run.manifest.find(row.trial);
    return trial != nullptr && trial->kind == TrialKind::explaining;
  };
  std::erase_if(run.rounds, explains);
  std::erase_if(run.latencies, explains);
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

namespace {

/// What is named as a run and is none was not made by a run that went wrong: it is a bad argument.
void require_run_folder(const fs::path& path) {
  constexpr const char* kRemedy = "give the folder that `tlbstorm run` named at its end";
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0)
    throw os::UsageError("RUN", path.native(), os::errno_text(errno), kRemedy);
  if (S_ISREG(facts.st_mode))
    throw os::UsageError("RUN", path.native(), "neither a run folder nor JSON of Google Benchmark", kRemedy);
  if (!S_ISDIR(facts.st_mode))
    throw os::UsageError("RUN", path.native(),
                         fmt::format("{}, not a run folder", os::kind_of(facts.st_mode)), kRemedy);
  if (!may_be_there(path / kManifestFile))
    throw os::UsageError("RUN", path.native(), fmt::format("not a run folder, it has no {}", kManifestFile),
                         kRemedy);
  if (!has_text(path / kManifestFile))
    throw os::Error(
        fmt::format("{}: the run was cut off as it began: its {} is empty", path.native(), kManifestFile),
        "measure again");
}

}  // namespace

bool all_undone(const fs::path& folder) {
  if (!has_text(folder / kManifestFile)) return true;
  std::vector<std::string> remarks;
  return read_run_manifest(folder, remarks).not_undone.empty();
}

namespace {

/// Whether the tool still writes it can only be told on the boot on which it began.
std::string unfinished(const Writer& writer) {
  constexpr const char* kSoFar = "what it had measured is shown";
  if (writer.boot_id.empty()) return fmt::format("the run has not ended, or its tool was killed: {}", kSoFar);
  const bool here = writer.boot_id == os::boot_id() && os::start_ticks(writer.pid) == writer.started;
  return here ? fmt::format("the run is going on (pid {}): {}", writer.pid, kSoFar)
              : fmt::format("the tool was killed before the run ended: {}", kSoFar);
}

}  // namespace

RunFolder read_run(const fs::path& path) {
  require_run_folder(path);
  RunFolder run;
  run.path = path;
  run.manifest = read_run_manifest(path, run.remarks);
  if (run.manifest.state == RunState::running) run.remarks.push_back(unfinished(run.manifest.writer));
  if (run.manifest.state == RunState::failed)
    run.remarks.push_back(fmt::format("the run could not go on: {}",
                                      run.manifest.reason.empty() ? "unknown" : run.manifest.reason));
  read_trials(run);
  read_rounds(run);
  read_latencies(run);
  keep_what_measures(run);
  return run;
}

}  // namespace tlbstorm::record
