// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/sample_digest.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>

#include "harness/judge/totals.hpp"
#include "harness/os/error.hpp"
#include "harness/record/csv_reader.hpp"
#include "harness/record/excerpt.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/schema.hpp"
#include "harness/trial/phase.hpp"

namespace tlbstorm::judge {
namespace {

using trial::Phase;
using Fields = std::vector<std::string_view>;

class Digester {
 public:
  explicit Digester(const record::RunFolder& run)
      : reader_(run.path / record::kSamplesFile),
        trial_(reader_.column("trial")),
        phase_(reader_.column("phase")),
        round_(reader_.column("round")),
        seconds_(reader_.column("seconds")),
        trials_are_in_(run.manifest.trials_are_in()) {
    for (const record::TrialRecord& trial : run.manifest.trials) trials_.insert(trial.trial);
    match_columns(run);
    values_.assign(columns_.size(), probe::kAbsent);
  }

  SampleDigest digest() && {
    Fields row;
    while (reader_.next(row)) {
      if (!number_ || row[trial_] != trial_text_) begin_trial(row);
      const bool edge = !stage_ || row[phase_] != phase_text_ || row[round_] != round_text_;
      if (edge) begin_stage(row);
      if (edge || stage_->phase == Phase::measure) add(row, edge);
    }
    end_trial();
    if (reader_.truncated()) remark("the last row was cut off and is left out");
    std::erase_if(result_.series, [](const DigestSeries& series) { return series.by_trial.empty(); });
    return std::move(result_);
  }

 private:
  void match_columns(const record::RunFolder& run);
  void begin_trial(const Fields& row);
  void end_trial();
  void begin_stage(const Fields& row);
  void add(const Fields& row, bool edge);
  void remark(const std::string& text) {
    result_.remarks.push_back(fmt::format("{}: {}", reader_.path().native(), text));
  }

  record::CsvReader reader_;
  std::size_t trial_, phase_, round_, seconds_;  ///< fields
  const char* trials_are_in_;
  std::set<int> trials_;  ///< that the manifest knows and have not begun
  SampleDigest result_;
  std::vector<probe::Column> columns_;  ///< those of the manifest, in the order of the file
  std::vector<std::size_t> fields_;     ///< of a row, by column
  std::vector<double> values_;
  std::optional<Totals> totals_;  ///< of the trial
  std::optional<int> number_;     ///< the trial's
  std::string trial_text_, phase_text_, round_text_;
  std::optional<trial::Stage> stage_;  ///< nothing before a trial's first row
  double edge_at_ = 0;
};

void Digester::match_columns(const record::RunFolder& run) {
  std::unordered_map<std::string, const record::ColumnRecord*> known;
  for (const record::ColumnRecord& column : run.manifest.columns) known[column.name] = &column;
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < reader_.header().size(); ++i) {
    if (i == trial_ || i == phase_ || i == round_ || i == seconds_) continue;
    const auto found = known.find(reader_.header()[i]);
    if (found == known.end()) {
      ++unknown;
      continue;
    }
    const auto& [name, unit, kind] = *found->second;
    if (kind != "counter" && kind != "gauge")
      throw os::Error(fmt::format("{}: damaged, column {} is '{}', neither counter nor gauge",
                                  (run.path / record::kManifestFile).native(), record::excerpt(name),
                                  record::excerpt(kind)));
    const bool counter = kind == "counter";
    columns_.push_back({name, unit, counter ? probe::Kind::counter : probe::Kind::gauge});
    fields_.push_back(i);
    result_.series.push_back({name, counter ? unit + "/s" : unit, counter, {}});
  }
  if (unknown > 0) remark(fmt::format("{} of its columns are not in {}", unknown, record::kManifestFile));
  if (const std::size_t lacking = known.size() - columns_.size(); lacking > 0)
    remark(fmt::format("it lacks {} of the columns in {}", lacking, record::kManifestFile));
}

void Digester::begin_trial(const Fields& row) {
  end_trial();
  number_ = to_index(reader_, "trial", row[trial_]);
  if (trials_.erase(*number_) == 0)
    reader_.complain(fmt::format("trial {} has begun before, or {} has none", *number_, trials_are_in_));
  trial_text_ = row[trial_];
  stage_.reset();
  totals_.emplace(columns_);
}

void Digester::end_trial() {
  if (!number_) return;
  const Window& measured = totals_->phase(Phase::measure);
  if (measured.seconds <= 0)
    return remark(fmt::format("trial {} has no measured phase that begins and ends", *number_));
  std::vector<std::string_view> fell;
  for (DigestSeries& series : result_.series) {
    const auto value =
        series.counter ? totals_->growth(measured, series.column) : totals_->mean(measured, series.column);
    if (value)
      series.by_trial[*number_] = series.counter ? *value / measured.seconds : *value;
    else if (series.counter && totals_->fell(series.column))
      fell.push_back(series.column);
  }
  if (!fell.empty())
    remark(
        fmt::format("trial {}: {} of its counters fell while it was measured, {} first; how much they "
                    "grew is not known",
                    *number_, fell.size(), fell.front()));
}

void Digester::begin_stage(const Fields& row) {
  const double now = to_double(reader_, row[seconds_]);
  if (std::isnan(now)) reader_.complain("no time, where a phase begins");
  if (stage_ && stage_->phase == Phase::measure && now < edge_at_) reader_.complain("time goes back");
  const auto phase = trial::phase_named(row[phase_]);
  if (!phase) reader_.complain(fmt::format("'{}' is not a phase", record::excerpt(row[phase_])));
  phase_text_ = row[phase_];
  round_text_ = row[round_];
  stage_ = trial::Stage(*phase, static_cast<std::uint32_t>(to_index(reader_, "round", row[round_])));
  edge_at_ = now;
}

/// Between edges only gauges count, so that only they are read: a file may have millions of rows.
void Digester::add(const Fields& row, bool edge) {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    values_[i] =
        edge || columns_[i].kind == probe::Kind::gauge ? to_double(reader_, row[fields_[i]]) : probe::kAbsent;
  totals_->add(*stage_, edge_at_, values_);
}

}  // namespace

SampleDigest digest_samples(const record::RunFolder& run) {
  const std::filesystem::path file = run.path / record::kSamplesFile;
  if (!record::may_be_there(file))
    return {{}, {fmt::format("{}: not there, so nothing is known of its counters", file.native())}};
  return Digester(run).digest();
}

}  // namespace tlbstorm::judge
