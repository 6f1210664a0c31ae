// SPDX-License-Identifier: Apache-2.0
// tlbstorm calibrate: the same run again and again. What differs then is noise, and what is smaller than that
// can't be shown on this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <iostream>

#include "harness/campaign/repeat.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/preview.hpp"
#include "harness/cli/screen.hpp"
#include "harness/compare/change_text.hpp"
#include "harness/compare/floor.hpp"
#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/units.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/reference.hpp"
#include "harness/report/table.hpp"
#include "harness/stats/power.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::cli {
namespace {

using report::Table;

constexpr std::array<double, 4> kChanges{0.01, 0.02, 0.05, 0.10};

/// Of the trials around their runs, as a part of the runs' medians.
double cv_within(const std::vector<std::vector<double>>& runs) {
  double squares = 0, degrees = 0;
  for (const std::vector<double>& values : runs) {
    const stats::Description what = stats::describe(values);
    if (std::isnan(what.cv)) continue;
    squares += what.cv * what.cv * static_cast<double>(what.n - 1);
    degrees += static_cast<double>(what.n - 1);
  }
  return degrees > 0 ? std::sqrt(squares / degrees) : std::nan("");
}

/// Runs a side that find such a change four times in five, at p < 0.05.
std::string runs_needed(double change, double cv) {
  if (std::isnan(cv)) return "-";
  const std::size_t needed = std::max(stats::trials_needed(change, cv), compare::kLeastUnits);
  constexpr std::size_t kHopeless = 1000;
  return needed > kHopeless ? "-" : fmt::format("{}", needed);
}

std::string spreads(const compare::Side& side) {
  std::vector<Table::Column> columns{
      {"metric", Table::Align::left}, {"unit", Table::Align::left}, {"median"}, {"trials' cv"}, {"runs' cv"}};
  for (const double change : kChanges) columns.push_back({fmt::format("{:.0f}%", 100 * change)});
  Table table(columns);
  for (const compare::MetricInfo& metric : side.metrics()) {
    std::vector<double> medians;
    for (const compare::Unit& run : units_of(side, metric.name, compare::Rung::run))
      medians.push_back(run.value);
    const stats::Description what = stats::describe(medians);
    if (what.n < 2 || what.max == 0) continue;
    std::vector<std::string> cells{metric.name, metric.unit, os::format_figure(what.median),
                                   compare::format_share(cv_within(side.values_by_run(metric.name))),
                                   compare::format_share(what.cv)};
    for (const double change : kChanges) cells.push_back(runs_needed(change, what.cv));
    table.add(std::move(cells));
  }
  return table.text("  ", false);
}

/// Each run with a valid trial, where a gate finds it: by when it began, as no two of a machine do at once.
void keep(const record::Batch& batch, const std::filesystem::path& floors) {
  std::size_t kept = 0;
  for (const record::BatchEntry& entry : batch.entries)
    if (entry.run && entry.run->manifest.valid_trials() > 0) {
      const record::RunManifest& run = entry.run->manifest;
      record::add_reference(entry.run->path, floors, fmt::format("{}-{}", run.plan.workload, run.started));
      ++kept;
    }
  std::cout << fmt::format("\n  kept {} runs in {}, for gates of what is made in the same way\n", kept,
                           floors.native());
}

/// What the floors of this machine are by now.
std::string floors_text(const compare::Floors& floors, const compare::Side& side) {
  const std::string primary = side.manifest().workload.primary;
  std::string text;
  for (const compare::Rung rung : {compare::Rung::run, compare::Rung::occasion, compare::Rung::boot}) {
    const auto floor = floors.find(side, side, primary, rung);
    text += floor ? fmt::format("    {:<10}{} of them lie {:.2g}% apart (standard deviation)\n",
                                fmt::format("{}s", name(rung)), floor->units, 100 * floor->deviation)
                  : fmt::format("    {:<10}not known yet: it takes {}, {}\n", fmt::format("{}s", name(rung)),
                                compare::kLeastOfAFloor, compare::what_makes(rung));
  }
  return text;
}

}  // namespace

int calibrate(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "Runs a workload again and again and says how far its runs lie apart on this machine, so how many "
        "runs a\n"
        "change takes. They are kept as the floor of gates of runs that are made in the same way.\n"
        "Options of `tlbstorm run WORKLOAD` may follow.",
        "tlbstorm calibrate WORKLOAD");
    std::string runs_text = "8", output, floors = compare::kFloorFolder;
    bool quiet = false, dry_run = false;
    LockOptions lock;
    app.add_option("--runs", runs_text, "independent runs")->capture_default_str();
    app.add_option("--output", output, "folder of the runs; a new one in results/ by default");
    app.add_option("--floors", floors, "where they are kept for gates")->capture_default_str();
    app.add_flag("--quiet", quiet, "the result only");
    app.add_flag("--dry-run", dry_run, "print the plan of the runs and touch nothing");
    add_lock_options(app, lock);
    app.allow_extras();
    parse(app, given);
    const auto runs = static_cast<int>(os::parse_whole("--runs", runs_text, 2, campaign::kMostRepeats));
    Arguments words = app.remaining();
    const trial::Definition& definition = trial::find_workload(trial::take_workload(words));
    const campaign::BatchRun run = campaign::run_of_words(definition, words);
    const nlohmann::ordered_json plan = preview(run);
    if (output.empty()) output = record::default_folder(definition.name, "calibrate");
    record::check_folder(output);
    os::nearest_folder("--floors", floors);  // before anything is measured
    if (dry_run) {
      std::cout << plan.dump(2) << "\n";
      return kOk;
    }
    Screen screen(quiet);
    const int code = campaign::run_batch({"repeat", definition.name, definition.operation},
                                         campaign::repeated({run}, runs), output, lock, screen);
    if (code >= kSignal) return code;
    const record::Batch batch = record::read_batch(output);
    const compare::Side side = compare::read_side("runs", {output});
    std::cout << fmt::format(
        "tlbstorm calibrate: {}\n\n  machine    {}\n  trials     {} of {} valid, in {} runs\n\n",
        definition.name, compare::machine_of(side), side.valid_trials(), side.trials(), side.runs().size());
    if (side.valid_trials() == 0)
      throw os::Error("no trial is valid: nothing is known of this machine", "tlbstorm report tells why");
    std::cout << spreads(side)
              << "\n  1% to 10%: so many runs a side find such a change four times in five, at p < 0.05\n"
              << "  (Lehmann 1975; docs/statistics.md)\n";
    keep(batch, floors);
    std::cout << fmt::format("  by now, of {},\n", side.manifest().workload.primary)
              << floors_text(compare::Floors(floors), side) << std::flush;
    return code;
  });
}

}  // namespace tlbstorm::cli
