// SPDX-License-Identifier: Apache-2.0
// tlbstorm compare: what changed between runs, by how much, how surely.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/named_format.hpp"
#include "harness/compare/batches.hpp"
#include "harness/compare/comparison.hpp"
#include "harness/judge/sample_digest.hpp"
#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/units.hpp"
#include "harness/report/formats.hpp"

namespace tlbstorm::cli {
namespace {

report::Sorting sorting_named(const std::string& name) {
  if (name.empty()) return report::Sorting::as_listed;
  if (name == "effect") return report::Sorting::effect;
  if (name == "p") return report::Sorting::p;
  throw os::UsageError("--sort", name, "no such order", "give effect or p");
}

}  // namespace

int compare(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "What changed between runs, by how much, how surely. Several runs of a side are pooled: their trials "
        "are the\n"
        "evidence. Sweeps and suites are compared point by point. Needs nothing of the machines that made "
        "them.",
        "tlbstorm compare");
    std::vector<std::string> folders, more_base;
    std::string format = "text", sort, metrics;
    compare::ComparisonOptions options;
    bool force = false;
    app.add_option("RUN", folders, "the base, then one or several new runs; or one folder of tlbstorm ab")
        ->required();
    app.add_option("--base", more_base, "more runs of the base")->expected(1, kMostWords);
    app.add_option("--metrics", metrics, "only these: names with * and ?, separated by commas");
    app.add_option("--sort", sort, "by effect or p; else in the order of the dictionary");
    app.add_option("--format", format, format_names(report::formats()))->capture_default_str();
    app.add_flag("--paired", options.paired, "trials were interleaved: the n-th of a side belong together");
    app.add_flag("--raw", options.raw, "also every counter that was sampled, a second of measured time");
    app.add_flag("--force", force, "compare other work and other machines all the same");
    parse(app, given);
    for (const std::string& run : folders) os::require_there("RUN", run, "name a run folder");
    for (const std::string& run : more_base) os::require_there("--base", run, "name a run folder");
    if (!metrics.empty()) options.metrics = os::split_list("--metrics", metrics);
    const report::Format& chosen = format_named("--format", format, report::formats());
    report::Report report;
    report.sorting = sorting_named(sort);
    report.coloured = may_paint(STDOUT_FILENO);
    // The robot's names are mostly of counters.
    options.raw |= chosen.name == "robot" ||
                   std::any_of(options.metrics.begin(), options.metrics.end(), &judge::is_column);
    report.parts = compare::compare_folders({folders.begin(), folders.end()},
                                            {more_base.begin(), more_base.end()}, options, force);
    std::cout << chosen.print(report);
    return kOk;
  });
}

}  // namespace tlbstorm::cli
