// SPDX-License-Identifier: Apache-2.0
// tlbstorm calibrate: the same run against itself. What differs then is noise, and what is smaller than that
// can't be shown on this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <iostream>

#include "harness/campaign/interleave.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/preview.hpp"
#include "harness/cli/screen.hpp"
#include "harness/compare/batches.hpp"
#include "harness/compare/change_text.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"
#include "harness/record/recorder.hpp"
#include "harness/report/formats.hpp"
#include "harness/report/table.hpp"
#include "harness/stats/power.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::cli {
namespace {

using report::Table;

constexpr std::array<std::size_t, 3> kTrials{5, 10, 20};

/// Both sides' values are of the same thing.
stats::Description both(const compare::MetricChange& change) {
  std::vector<double> all = change.base_values;
  all.insert(all.end(), change.next_values.begin(), change.next_values.end());
  return stats::describe(all);
}

std::string smallest(std::size_t trials, double cv) {
  const double change = stats::smallest_change(trials, cv);
  return std::isfinite(change) ? fmt::format("{:.1f}%", 100 * change) : "-";
}

std::string noise_floor(const compare::Comparison& comparison) {
  std::vector<Table::Column> columns{{"metric", Table::Align::left},
                                     {"unit", Table::Align::left},
                                     {"median"},
                                     {"cv"},
                                     {"A/A change"},
                                     {"p"}};
  for (const std::size_t n : kTrials) columns.push_back({fmt::format("{} trials", n)});
  Table table(columns);
  for (const compare::MetricChange* const one : report::sorted(comparison, report::Sorting::as_listed)) {
    const stats::Description what = both(*one);
    std::vector<std::string> cells{one->metric.name,
                                   one->metric.unit,
                                   os::format_figure(what.median),
                                   compare::format_share(what.cv),
                                   compare::format_change(one->change),
                                   compare::format_p(one->test.p)};
    for (const std::size_t n : kTrials) cells.push_back(smallest(n, what.cv));
    table.add(std::move(cells), one->test.p < 0.01 ? "33" : "");
  }
  return table.text("  ", false);
}

}  // namespace

int calibrate(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "Runs a workload against itself, interleaved, and says how small a change so many trials can show on "
        "this\n"
        "machine. Options of `tlbstorm run WORKLOAD` may follow.",
        "tlbstorm calibrate WORKLOAD");
    std::string pairs_text = "10", output;
    bool quiet = false, dry_run = false;
    LockOptions lock_options;
    app.add_option("--pairs", pairs_text, "pairs of trials")->capture_default_str();
    app.add_option("--output", output, "folder of the runs; a new one in results/ by default");
    app.add_flag("--quiet", quiet, "the result only");
    app.add_flag("--dry-run", dry_run, "print the plan of the runs and touch nothing");
    add_lock_options(app, lock_options);
    app.allow_extras();
    parse(app, given);
    const auto pairs = static_cast<int>(os::parse_whole("--pairs", pairs_text, 2, 1000));
    Arguments words = app.remaining();
    const trial::Definition& definition = trial::find_workload(trial::take_workload(words));
    const campaign::RunSpec spec = campaign::side_spec(definition, {words});
    const nlohmann::ordered_json plan = preview(definition, spec);
    Arguments command{"tlbstorm", "calibrate"};
    command.insert(command.end(), given.begin(), given.end());
    if (output.empty()) output = record::default_folder(definition.name, "calibrate");
    record::check_folder(output);
    if (dry_run) {
      std::cout << plan.dump(2) << "\n";
      return kOk;
    }
    Screen screen(true);
    const MachineLock lock(lock_options, screen);
    campaign::restore_leftovers(screen);
    campaign::Interleaver interleaver(output, report::shell_line(command), definition, spec, spec, lock,
                                      screen);
    for (int pair = 1; pair <= pairs; ++pair) {
      if (const int code = interleaver.run_pair(); code >= kSignal) return code;
      if (!quiet) show("{} of {} pairs\n", pair, pairs);
    }
    interleaver.finish();
    const auto comparisons = compare::compare_folders({output}, {}, {}, false);
    const compare::Comparison& comparison = comparisons.front();
    std::cout << fmt::format("tlbstorm calibrate: {}\n\n  machine    {}\n  trials     {} of {} valid\n\n",
                             definition.name, compare::machine_of(comparison.base),
                             comparison.base.valid_trials() + comparison.next.valid_trials(),
                             comparison.base.trials() + comparison.next.trials());
    std::cout << noise_floor(comparison);
    std::cout
        << "\n  N trials: the smallest change that N trials a side find four times in five, at p < 0.05\n"
        << "  (Lehmann 1975; docs/statistics.md). A/A: nothing changed, so p below 0.01 is noise that is "
           "not\n"
        << "  the same from trial to trial.\n  runs: " << output << "\n";
    return interleaver.all_undone() ? kOk : kFailed;
  });
}

}  // namespace tlbstorm::cli
