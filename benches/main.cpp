// SPDX-License-Identifier: Apache-2.0
// The microbenchmarks of tlbstorm: docs/benches.md.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "benches/benches.hpp"
#include "benches/csv_reporter.hpp"
#include "benches/error_lines.hpp"
#include "benches/kept_reporter.hpp"
#include "benches/options.hpp"
#include "benches/scratch.hpp"
#include "benches/supervised.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/screen.hpp"
#include "harness/os/error.hpp"
#include "harness/probe/shootdowns.hpp"
#include "harness/trial/swap_request.hpp"

namespace {

using namespace tlbstorm;

void add_context(const benches::Catalogue& catalogue, const benches::Swap& swap) {
  for (const machine::Fact& fact : catalogue.machine().facts)
    benchmark::AddCustomContext(fact.key, fact.value);
  benchmark::AddCustomContext("topology", catalogue.machine().topology.summary());
  benchmark::AddCustomContext("swap of the benchmarks", swap.text());
  for (const benches::Skipped& one : catalogue.skipped())
    benchmark::AddCustomContext(fmt::format("skipped {}", one.name), one.reason);
  const probe::Shootdowns counted;
  if (!counted.received()) benchmark::AddCustomContext("absent ipis_per_op", counted.absent().front().reason);
  if (!counted.sent())
    benchmark::AddCustomContext("absent flushes_sent_per_op", counted.absent().back().reason);
}

/// What was asked for may be among what can't run here.
std::string why_none(const benches::Catalogue& catalogue, const std::string& filter) {
  for (const benches::Skipped& one : catalogue.skipped())
    if (benches::matches(filter, one.name))
      return fmt::format("{} can't run on this machine: {}", one.name, one.reason);
  return "no benchmark of this machine matches";
}

int run(benches::Options options, const benches::Scratch& scratch) {
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);  // a huge page would hide what single ones cost
  const machine::Machine machine = machine::inspect();
  benches::Swap swap(options.swap, machine);
  benches::Catalogue catalogue(machine, swap, scratch.path());
  benches::add_registered(catalogue);
  std::vector<char*> words;
  for (std::string& word : options.words) words.push_back(word.data());
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data(), &benches::print_help);
  if (benchmark::ReportUnrecognizedArguments(count, words.data())) return cli::kUsage;
  add_context(catalogue, swap);
  benches::CsvReporter printed;
  benches::Kept<benches::CsvReporter> csv;
  benches::Kept<benchmark::JSONReporter> json;
  benches::Kept<benchmark::ConsoleReporter> console(benchmark::ConsoleReporter::OO_None);
  benchmark::BenchmarkReporter* kept = &json;
  if (options.file_format == "csv") kept = &csv;
  if (options.file_format == "console") kept = &console;
  benchmark::BenchmarkReporter* const shown =
      options.csv_printed ? &printed : benchmark::CreateDefaultDisplayReporter();
  benches::ErrorLines lines;
  std::ostream errors(&lines);
  errors << std::unitbuf;
  shown->SetErrorStream(&errors);
  const std::size_t matched = benchmark::RunSpecifiedBenchmarks(shown, options.file.empty() ? nullptr : kept);
  benchmark::Shutdown();
  if (matched == 0) {
    throw os::UsageError("--benchmark_filter", options.filter, why_none(catalogue, options.filter),
                         "--benchmark_list_tests shows those that can");
  }
  if (csv.lost() || json.lost() || console.lost())
    throw os::Error(options.file + ": the results could not be written", "make room, or name another file");
  return swap.take_down() ? cli::kOk : cli::kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::program([&] {
    const benches::Options options = benches::read_options(argc, argv);
    if (options.help) {
      benches::print_help();
      return cli::kOk;
    }
    if (!options.swap.empty()) trial::request_swaps(options.swap, "", machine::inspect());
    cli::Screen screen(true);
    std::optional<cli::MachineLock> lock;
    if (!options.list) lock.emplace(options.lock, screen);
    benches::Scratch scratch;
    const int code = benches::supervised(
        [&] { return cli::written(cli::guarded([&] { return run(options, scratch); })); });
    return scratch.remove() ? code : std::max(code, cli::kFailed);
  });
}
