// SPDX-License-Identifier: Apache-2.0
#include "harness/report/batch_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "harness/os/units.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::report {
namespace {

using record::Batch;
using record::BatchEntry;
using record::RunFolder;

std::optional<double> median(const BatchEntry& entry, const std::string& metric) {
  return entry.run ? entry.run->median(metric) : std::nullopt;
}

std::string figure(std::optional<double> value) { return value ? os::format_figure(*value) : "-"; }

/// "3/3": how many of its trials are valid.
std::string valid_trials(const BatchEntry& entry) {
  if (!entry.run) return "-";
  return fmt::format("{}/{}", entry.run->manifest.valid_trials(), entry.run->manifest.measuring_trials());
}

int workers(const BatchEntry& entry) { return std::max(1, entry.run->manifest.plan.workers); }

/// The first figure of the workload's own, which stands first in trials.csv; or the end that was expected.
std::string own_figure(const BatchEntry& entry) {
  const trial::Outcome expected = entry.run->manifest.plan.expect;
  if (expected != trial::Outcome::ok) return fmt::format("expected to end as {}", name(expected));
  if (entry.run->series.empty()) return "";
  const record::Series& first = entry.run->series.front();
  if (first.metric == metric::kIpisPerPage) return "";
  return fmt::format("{} {} {}", first.metric, figure(median(entry, first.metric)), first.unit);
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
    if (entry.run && valid_trials(entry).starts_with("0/"))
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
  const BatchEntry* first = nullptr;
  for (const BatchEntry& entry : batch.entries) {
    if (!entry.run) continue;
    const auto speed = median(entry, metric::kThroughput);
    if (first == nullptr && speed) first = &entry;
    out += fmt::format("  {:<16}{:>8}{:>13}", entry.value, valid_trials(entry), figure(speed));
    if (scaling) out += fmt::format("{:>13}", figure(speed ? std::optional(*speed / workers(entry)) : speed));
    const auto base = first != nullptr ? median(*first, metric::kThroughput) : std::nullopt;
    const auto gain = speed && base && *base > 0 ? std::optional(*speed / *base) : std::nullopt;
    out += fmt::format("{:>10}", gain ? fmt::format("{:.2f}x", *gain) : "-");
    if (scaling)
      out += fmt::format("{:>12}",
                         gain ? fmt::format("{:.1f}%", 100 * *gain * workers(*first) / workers(entry)) : "-");
    out += fmt::format("{:>10}{:>11}  {}\n", figure(median(entry, metric::kIpisPerOperation)),
                       figure(median(entry, metric::kIpisPerPage)), own_figure(entry));
  }
  return out;
}

std::string suite(const Batch& batch) {
  std::string out = fmt::format("\n  {:<20}{:<17}{:>6}{:>11}{:>9}{:>10}{:>13}  {}\n", "run", "workload",
                                "valid", "IPIs/page", "IPIs/op", "IPIs/s", "operations/s", "own figure");
  for (const BatchEntry& entry : batch.entries) {
    if (!entry.run) continue;
    out += fmt::format(
        "  {:<20}{:<17}{:>6}{:>11}{:>9}{:>10}{:>13}  {}\n", entry.name, entry.run->manifest.plan.workload,
        valid_trials(entry), figure(median(entry, metric::kIpisPerPage)),
        figure(median(entry, metric::kIpisPerOperation)), figure(median(entry, metric::kTlbIpiRate)),
        figure(median(entry, metric::kThroughput)), own_figure(entry));
  }
  return out;
}

void remove_trailing_blanks(std::string& text) {
  for (std::size_t at; (at = text.find(" \n")) != std::string::npos;) text.erase(at, 1);
}

}  // namespace

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
