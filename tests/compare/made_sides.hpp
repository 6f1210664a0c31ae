// SPDX-License-Identifier: Apache-2.0
// Sides whose trials are runs of their own, made in turn: the evidence on which a change may be told.
#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "harness/compare/side.hpp"

namespace tlbstorm::test {

/// "2026-11-21T08:03:00.000Z", so many minutes after eight.
inline std::string minutes_after_eight(std::size_t minutes) {
  constexpr std::time_t kEight = 1795248000;  // 2026-11-21T08:00:00Z
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z",
                     fmt::gmtime(kEight + static_cast<std::time_t>(60 * minutes)));
}

/// Each trial of a side as a run, the first one `from` minutes after eight, the others every `step` minutes.
inline compare::Side trials_as_runs(const compare::Side& side, std::size_t from, std::size_t step) {
  std::vector<record::RunFolder> runs;
  for (const record::RunFolder& run : side.runs())
    for (const record::TrialRecord& trial : run.manifest.trials) {
      record::RunFolder& one = runs.emplace_back(run);
      one.manifest.trials = {trial};
      one.manifest.started = minutes_after_eight(from + step * (runs.size() - 1));
      for (record::Series& series : one.series)
        std::erase_if(series.by_trial, [&](const auto& value) { return value.first != trial.trial; });
    }
  return runs.empty() ? side : compare::Side(side.name(), std::move(runs));
}

/// A B A B.
inline std::pair<compare::Side, compare::Side> in_turn(const compare::Side& base, const compare::Side& next) {
  return {trials_as_runs(base, 0, 2), trials_as_runs(next, 1, 2)};
}

}  // namespace tlbstorm::test
