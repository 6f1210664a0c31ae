// SPDX-License-Identifier: Apache-2.0
#include "harness/record/sample_digest.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>

#include "harness/os/error.hpp"
#include "harness/record/csv.hpp"
#include "harness/record/excerpt.hpp"
#include "harness/record/manifest_shape.hpp"
#include "harness/record/schema.hpp"
#include "harness/trial/phase.hpp"

namespace tlbstorm::record {
namespace {

using trial::Phase;
using Fields = std::vector<std::string_view>;

/// A column of the file on its way to a figure.
struct Counter {
  std::size_t field;   ///< of a row
  std::size_t series;  ///< of the digest
  double before = 0;   ///< at the window's begin
  double growth = 0;   ///< over the windows that have ended; NaN when it is not known of one
  bool fell = false;   ///< in one of them
};
struct Gauge {
  std::size_t field;
  std::size_t series;
  double pending = 0, pending_samples = 0;  ///< in the window that is open
  double sum = 0, samples = 0;
};

class Digester {
 public:
  explicit Digester(const RunFolder& run)
      : reader_(run.path / kSamplesFile),
        trial_(reader_.column("trial")),
        phase_(reader_.column("phase")),
        round_(reader_.column("round")),
        seconds_(reader_.column("seconds")) {
    for (const auto& entry : run.manifest["trials"]) trials_.insert(entry["trial"].get<int>());
    match_columns(run);
  }

  SampleDigest digest() && {
    Fields row;
    while (reader_.next(row)) {
      if (!number_ || row[trial_] != trial_text_) begin_trial(row);
      if (measuring_) add_gauges(row);
      if (!phase_text_ || row[phase_] != *phase_text_ || row[round_] != round_text_) edge(row);
    }
    end_trial();
    if (reader_.truncated()) remark("the last row was cut off and is left out");
    std::erase_if(result_.series, [](const DigestSeries& series) { return series.by_trial.empty(); });
    return std::move(result_);
  }

 private:
  void match_columns(const RunFolder& run);
  void begin_trial(const Fields& row);
  void end_trial();
  void edge(const Fields& row);
  void add_gauges(const Fields& row);
  void open_window(const Fields& row);
  void close_window(const Fields& row, double now);
  void remark(const std::string& text) {
    result_.remarks.push_back(fmt::format("{}: {}", reader_.path().native(), text));
  }

  CsvReader reader_;
  std::size_t trial_, phase_, round_, seconds_;  ///< fields
  std::set<int> trials_;                         ///< that the manifest knows and have not begun
  SampleDigest result_;
  std::vector<Counter> counters_;
  std::vector<Gauge> gauges_;
  std::optional<int> number_;  ///< the trial's
  std::string trial_text_, round_text_;
  std::optional<std::string> phase_text_;  ///< nothing before a trial's first row
  bool measuring_ = false;
  double window_began_ = 0;
  double measured_ = 0;
};

void Digester::match_columns(const RunFolder& run) {
  std::unordered_map<std::string, const nlohmann::ordered_json*> known;
  for (const auto& column : run.manifest["columns"]) known[column["name"].get<std::string>()] = &column;
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < reader_.header().size(); ++i) {
    if (i == trial_ || i == phase_ || i == round_ || i == seconds_) continue;
    const auto found = known.find(reader_.header()[i]);
    if (found == known.end()) {
      ++unknown;
      continue;
    }
    const std::string kind = found->second->value("kind", ""), unit = found->second->value("unit", "");
    if (kind != "counter" && kind != "gauge")
      throw os::Error(fmt::format("{}: damaged, column {} is '{}', neither counter nor gauge",
                                  (run.path / kManifestFile).native(), excerpt(found->first), excerpt(kind)));
    const bool counter = kind == "counter";
    if (counter)
      counters_.push_back({i, result_.series.size()});
    else
      gauges_.push_back({i, result_.series.size()});
    result_.series.push_back({found->first, counter ? unit + "/s" : unit, counter, {}});
  }
  if (unknown > 0) remark(fmt::format("{} of its columns are not in {}", unknown, kManifestFile));
  if (const std::size_t lacking = known.size() - result_.series.size(); lacking > 0)
    remark(fmt::format("it lacks {} of the columns in {}", lacking, kManifestFile));
}

void Digester::begin_trial(const Fields& row) {
  end_trial();
  number_ = to_index(reader_, "trial", row[trial_]);
  if (trials_.erase(*number_) == 0)
    reader_.complain(fmt::format("trial {} has begun before, or {} has none", *number_, kManifestFile));
  trial_text_ = row[trial_];
  phase_text_.reset();
  measuring_ = false;
  measured_ = 0;
  for (Counter& counter : counters_) {
    counter.growth = 0;
    counter.fell = false;
  }
  for (Gauge& gauge : gauges_) gauge.sum = gauge.samples = 0;
}

void Digester::end_trial() {
  if (!number_) return;
  if (measured_ <= 0)
    return remark(fmt::format("trial {} has no measured phase that begins and ends", *number_));
  std::vector<std::string_view> fell;
  for (const Counter& counter : counters_)
    if (counter.fell)
      fell.push_back(result_.series[counter.series].column);
    else if (!std::isnan(counter.growth))
      result_.series[counter.series].by_trial[*number_] = counter.growth / measured_;
  if (!fell.empty())
    remark(
        fmt::format("trial {}: {} of its counters fell while it was measured, {} first; how much they "
                    "grew is not known",
                    *number_, fell.size(), fell.front()));
  for (const Gauge& gauge : gauges_)
    if (gauge.samples > 0) result_.series[gauge.series].by_trial[*number_] = gauge.sum / gauge.samples;
}

void Digester::edge(const Fields& row) {
  const double now = to_double(reader_, row[seconds_]);
  if (std::isnan(now)) reader_.complain("no time, where a phase begins");
  if (measuring_) close_window(row, now);
  const auto phase = trial::phase_named(row[phase_]);
  if (!phase) reader_.complain(fmt::format("'{}' is not a phase", excerpt(row[phase_])));
  to_index(reader_, "round", row[round_]);
  phase_text_ = row[phase_];
  round_text_ = row[round_];
  window_began_ = now;
  measuring_ = *phase == Phase::measure;
  if (measuring_) open_window(row);
}

/// The row that ends a window is the last one in it; the row that began it belongs to what was before.
void Digester::add_gauges(const Fields& row) {
  for (Gauge& gauge : gauges_) {
    if (row[gauge.field].empty()) continue;
    gauge.pending += to_double(reader_, row[gauge.field]);
    ++gauge.pending_samples;
  }
}

void Digester::open_window(const Fields& row) {
  for (Counter& counter : counters_) counter.before = to_double(reader_, row[counter.field]);
  for (Gauge& gauge : gauges_) gauge.pending = gauge.pending_samples = 0;
}

void Digester::close_window(const Fields& row, double now) {
  if (now < window_began_) reader_.complain("time goes back");
  measured_ += now - window_began_;
  for (Counter& counter : counters_) {
    const double grown = to_double(reader_, row[counter.field]) - counter.before;
    counter.fell = counter.fell || grown < 0;
    counter.growth += grown;
  }
  for (Gauge& gauge : gauges_) {
    gauge.sum += gauge.pending;
    gauge.samples += gauge.pending_samples;
  }
}

}  // namespace

SampleDigest digest_samples(const RunFolder& run) {
  const std::filesystem::path file = run.path / kSamplesFile;
  if (!may_be_there(file))
    return {{}, {fmt::format("{}: not there, so nothing is known of its counters", file.native())}};
  return Digester(run).digest();
}

}  // namespace tlbstorm::record
