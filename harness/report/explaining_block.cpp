// SPDX-License-Identifier: Apache-2.0
#include "harness/report/explaining_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/os/units.hpp"
#include "harness/stats/sample.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::report {
namespace {

/// The primary metric, then what tells of counts and of time.
std::vector<std::string> headlines(const record::RunFolder& run) {
  std::vector<std::string> names;
  const std::string& primary = run.manifest.workload.primary;
  for (const std::string& name :
       {primary, std::string(metric::kIpisPerPage), std::string(metric::kIpisPerOperation),
        std::string(metric::kNsPerPage), std::string(metric::kThroughput)})
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

/// The probes that the trials that explain carried beyond what may disturb those that measure; empty where
/// none could be had, so that nothing is explained.
std::string instrument(const record::RunFolder& run) {
  for (const record::TrialRecord& trial : run.manifest.trials)
    if (trial.kind == trial::TrialKind::explaining && !trial.instrument.empty()) return trial.instrument;
  return "";
}

}  // namespace

std::string explaining_block(const record::RunFolder& run) {
  const std::string carried = instrument(run);
  if (carried.empty()) return "";
  std::string rows;
  for (const std::string& name : headlines(run)) {
    const record::Series* const series = run.find(name);
    const std::optional<double> measured = run.median(name);
    if (series == nullptr || series->explaining.empty() || !measured) continue;
    std::vector<double> values;
    for (const auto& [trial, value] : series->explaining) values.push_back(value);
    const double explained = stats::median(values);
    rows += fmt::format("  {:<28}{:<15}{:>9}{:>12}{:>9}\n", name, series->unit, os::format_figure(*measured),
                        os::format_figure(explained),
                        *measured > 0 ? fmt::format("{:+.1f}%", 100 * (explained / *measured - 1)) : "-");
  }
  if (rows.empty()) return "";
  return fmt::format("\n  {:<43}{:>9}{:>12}{:>9}\n{}", fmt::format("with {}", carried), "measuring",
                     "explaining", "change", rows);
}

}  // namespace tlbstorm::report
