// SPDX-License-Identifier: Apache-2.0
#include "harness/report/batch_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "harness/os/units.hpp"
#include "harness/report/summary.hpp"
#include "harness/stats/sample.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::report {
namespace {

using record::Batch;
using record::BatchEntry;
using record::RunFolder;

/// A line of a suite or a point of a sweep: its run, or all that repeat it.
struct Row {
  std::string name, value;
  std::vector<const RunFolder*> runs;
  const RunFolder& first() const { return *runs.front(); }
};

std::vector<Row> rows_of(const Batch& batch) {
  std::vector<Row> rows;
  for (const BatchEntry& entry : batch.entries) {
    if (!entry.run) continue;
    const std::string& point = entry.point.empty() ? entry.name : entry.point;
    const bool is_side = batch.kind.kind != "sweep" && !entry.value.empty() && !entry.point.empty();
    const std::string name = is_side ? fmt::format("{} {}", point, entry.value) : point;
    auto row = std::ranges::find(rows, name, &Row::name);
    if (row == rows.end()) row = rows.insert(row, {name, entry.value, {}});
    row->runs.push_back(&*entry.run);
  }
  return rows;
}

/// Of the runs' medians.
std::optional<double> median(const Row& row, const std::string& metric) {
  std::vector<double> values;
  for (const RunFolder* const run : row.runs)
    if (const auto value = run->median(metric)) values.push_back(*value);
  return values.empty() ? std::nullopt : std::optional(stats::median(values));
}

std::string figure(std::optional<double> value) { return value ? os::format_figure(*value) : "-"; }

/// "3/3": how many of its trials are valid.
std::string valid_trials(const Row& row) {
  int valid = 0, all = 0;
  for (const RunFolder* const run : row.runs) {
    valid += run->manifest.valid_trials();
    all += run->manifest.measuring_trials();
  }
  return fmt::format("{}/{}", valid, all);
}

int workers(const Row& row) { return std::max(1, row.first().manifest.plan.workers); }

/// The first figure of the workload's own, which stands first in trials.csv; or the end that was expected.
std::string own_figure(const Row& row) {
  const trial::Outcome expected = row.first().manifest.plan.expect;
  if (expected != trial::Outcome::ok) return fmt::format("expected to end as {}", name(expected));
  if (row.first().series.empty()) return "";
  const record::Series& first = row.first().series.front();
  if (first.metric == metric::kIpisPerPage) return "";
  return fmt::format("{} {} {}", first.metric, figure(median(row, first.metric)), first.unit);
}

/// What the first run's machine is: the same for all.
std::string context(const Batch& batch) {
  for (const BatchEntry& entry : batch.entries)
    if (entry.run) {
      const auto& manifest = entry.run->manifest;
      return fmt::format("  kernel     {}\n  machine    {}, {}\n", manifest.fact("kernel_release"),
                         manifest.fact("cpu_model"), manifest.topology);
    }
  return "";
}

std::string reasons(const Batch& batch) {
  std::string out;
  for (const BatchEntry& entry : batch.entries)
    if (entry.state != "finished")
      out += fmt::format("    {}: {}{}{}\n", entry.name,
                         entry.state == "running" ? "it has not ended, or its tool was killed" : entry.state,
                         entry.reason.empty() ? "" : ": ", entry.reason);
  return out.empty() ? out : "\n  not finished\n" + out;
}

/// Why a trial means nothing: the first check that it failed.
std::string first_fault(const RunFolder& run) {
  for (const record::TrialRecord& trial : run.manifest.trials)
    for (const os::Finding& check : trial.checks)
      if (check.grade == os::Grade::failed) return fmt::format("{}: {}", check.id, check.found);
  return "it was not judged";
}

std::string no_evidence(const Batch& batch) {
  std::string out;
  for (const BatchEntry& entry : batch.entries)
    if (entry.run && entry.run->manifest.valid_trials() == 0)
      out += fmt::format("    {}: {}\n", entry.name, first_fault(*entry.run));
  return out.empty() ? out : "\n  NO VALID TRIAL, so no evidence of anything\n" + out;
}

/// Speed-up is against the first point; efficiency is what each worker does against each one there.
std::string sweep(const Batch& batch) {
  const bool scaling = batch.kind.name == "workers";
  std::string out = fmt::format("\n  {:<16}{:>8}{:>13}", batch.kind.name, "valid", "operations/s");
  if (scaling) out += fmt::format("{:>13}", "per worker");
  out += fmt::format("{:>10}", "speed-up");
  if (scaling) out += fmt::format("{:>12}", "of linear");
  out += fmt::format("{:>10}{:>11}  {}\n", "IPIs/op", "IPIs/page", "own figure");
  const std::vector<Row> rows = rows_of(batch);
  const Row* first = nullptr;
  for (const Row& row : rows) {
    const auto speed = median(row, metric::kThroughput);
    if (first == nullptr && speed) first = &row;
    out += fmt::format("  {:<16}{:>8}{:>13}", row.value, valid_trials(row), figure(speed));
    if (scaling) out += fmt::format("{:>13}", figure(speed ? std::optional(*speed / workers(row)) : speed));
    const auto base = first != nullptr ? median(*first, metric::kThroughput) : std::nullopt;
    const auto gain = speed && base && *base > 0 ? std::optional(*speed / *base) : std::nullopt;
    out += fmt::format("{:>10}", gain ? fmt::format("{:.2f}x", *gain) : "-");
    if (scaling)
      out += fmt::format("{:>12}",
                         gain ? fmt::format("{:.1f}%", 100 * *gain * workers(*first) / workers(row)) : "-");
    out += fmt::format("{:>10}{:>11}  {}\n", figure(median(row, metric::kIpisPerOperation)),
                       figure(median(row, metric::kIpisPerPage)), own_figure(row));
  }
  return out;
}

std::string suite(const Batch& batch) {
  std::string out = fmt::format("\n  {:<20}{:<17}{:>6}{:>11}{:>9}{:>10}{:>13}  {}\n", "run", "workload",
                                "valid", "IPIs/page", "IPIs/op", "IPIs/s", "operations/s", "own figure");
  for (const Row& row : rows_of(batch)) {
    out += fmt::format(
        "  {:<20}{:<17}{:>6}{:>11}{:>9}{:>10}{:>13}  {}\n", row.name, row.first().manifest.plan.workload,
        valid_trials(row), figure(median(row, metric::kIpisPerPage)),
        figure(median(row, metric::kIpisPerOperation)), figure(median(row, metric::kTlbIpiRate)),
        figure(median(row, metric::kThroughput)), own_figure(row));
  }
  return out;
}

void remove_trailing_blanks(std::string& text) {
  for (std::size_t at; (at = text.find(" \n")) != std::string::npos;) text.erase(at, 1);
}

}  // namespace

std::string told(const std::filesystem::path& folder) {
  return record::is_batch(folder) ? tabulate(record::read_batch(folder))
                                  : summarise(record::read_run(folder));
}

std::string tabulate(const Batch& batch) {
  std::string out = fmt::format("tlbstorm: {} {}{}{}\n\n", batch.kind.kind, batch.kind.name,
                                batch.kind.about.empty() ? "" : ": ", batch.kind.about);
  out += context(batch);
  const bool any = std::any_of(batch.entries.begin(), batch.entries.end(),
                               [](const BatchEntry& entry) { return entry.run.has_value(); });
  if (any) out += batch.kind.kind == "sweep" ? sweep(batch) : suite(batch);
  out += no_evidence(batch);
  out += reasons(batch);
  remove_trailing_blanks(out);
  out += fmt::format("\n  medians over valid trials, where there are any; all figures: {}\n",
                     (batch.path / record::kPointsFile).native());
  return out;
}

}  // namespace tlbstorm::report
