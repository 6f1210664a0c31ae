// SPDX-License-Identifier: Apache-2.0
// tlbstorm model: what a metric costs as a function of parameters.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/cli/named_format.hpp"
#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/units.hpp"
#include "harness/report/model_formats.hpp"

namespace tlbstorm::cli {
namespace {

std::vector<std::string> words_of(std::string_view option, const std::vector<std::string>& lists) {
  std::vector<std::string> words;
  for (const std::string& list : lists)
    for (std::string& word : os::split_list(option, list)) words.push_back(std::move(word));
  return words;
}

}  // namespace

int model(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "What a metric costs as a function of parameters: a line fitted to runs that differ in them, the "
        "price "
        "of one\n"
        "more of each, how well that describes the runs, and what it says of places where nobody measured.\n"
        "Examples: tlbstorm model sweep-folder --at workers=256\n"
        "          tlbstorm model run-2 run-4 run-8 --of ipis_per_page --by workers\n"
        "          tlbstorm model bench.json --of ns_per_op --by sharers,pages --at sharers=255,pages=512",
        "tlbstorm model");
    std::vector<std::string> paths, of, by;
    compare::ModelOptions options;
    std::string format = "text";
    app.add_option("RUN", paths, "folders of runs, sweeps and suites; JSON of Google Benchmark")->required();
    app.add_option("--of", of, "metrics: names with * and ?, separated by commas");
    app.add_option("--by", by, "parameters; by default what was swept, else every number that differs");
    app.add_option("--at", options.at, "predict there: NAME=VALUE for each parameter; may be repeated");
    app.add_option("--format", format, format_names(report::model_formats()))->capture_default_str();
    parse(app, given);
    for (const std::string& path : paths) os::require_there("RUN", path, "name a run folder");
    const report::ModelFormat& chosen = format_named("--format", format, report::model_formats());
    options.of = words_of("--of", of);
    options.by = words_of("--by", by);
    std::cout << chosen.print(
        compare::make_models(compare::read_families({paths.begin(), paths.end()}), options));
    return kOk;
  });
}

}  // namespace tlbstorm::cli
