// SPDX-License-Identifier: Apache-2.0
// The microbenchmarks of tlbstorm. All options but --swap are Google Benchmark's own; what differs are the
// defaults: repetitions are interleaved at random, and a repetition lasts a tenth of a second.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "benches/benches.hpp"
#include "benches/csv_reporter.hpp"
#include "benches/supervised.hpp"
#include "harness/cli/command.hpp"
#include "harness/os/error.hpp"

namespace {

using namespace tlbstorm;

constexpr std::string_view kSwapOption = "--swap=";
constexpr std::string_view kFormatOption = "--benchmark_format=";
constexpr std::string_view kFileOption = "--benchmark_out=";
constexpr std::string_view kFileFormatOption = "--benchmark_out_format=";

/// Google Benchmark's options, ours taken out.
struct Options {
  std::vector<std::string> words;
  std::string swap{}, format{}, file{}, file_format{};  ///< empty where not given
};

/// Our defaults come first, so that the user's own options win.
Options read_options(int argc, char** argv) {
  Options options{{argv[0], "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.1"}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with(kSwapOption)) {
      options.swap = word.substr(kSwapOption.size());
      continue;
    }
    if (word.starts_with(kFormatOption)) options.format = word.substr(kFormatOption.size());
    if (word.starts_with(kFileOption)) options.file = word.substr(kFileOption.size());
    if (word.starts_with(kFileFormatOption)) options.file_format = word.substr(kFileFormatOption.size());
    options.words.emplace_back(word);
  }
  return options;
}

void print_help() {
  benchmark::PrintDefaultHelp();
  fmt::print(
      "\n"
      "tlbstorm-bench adds:\n"
      "          [--swap=zram:SIZE|file:PATH:SIZE|device:/dev/X]  for pageout/dirty_anon and fault/swap,\n"
      "              for as long as they run; without it the machine's own, or if it has none, zram:64M\n"
      "and has other defaults: --benchmark_enable_random_interleaving=true, --benchmark_min_time=0.1\n"
      "docs/benches.md has what each benchmark does and the rule of their names.\n");
}

void add_context(const benches::Catalogue& catalogue, const benches::Swap& swap) {
  for (const machine::Fact& fact : catalogue.machine().facts)
    benchmark::AddCustomContext(fact.key, fact.value);
  benchmark::AddCustomContext("topology", catalogue.machine().topology.summary());
  benchmark::AddCustomContext("swap of the benchmarks", swap.text());
  for (const benches::Skipped& one : catalogue.skipped())
    benchmark::AddCustomContext(fmt::format("skipped {}", one.name), one.reason);
}

/// What was asked for may be among what can't run here.
void tell_skipped(const benches::Catalogue& catalogue) {
  fmt::print(stderr, "Not to be had on this machine:\n");
  for (const benches::Skipped& one : catalogue.skipped())
    fmt::print(stderr, "  {}: {}\n", one.name, one.reason);
}

int run(Options options) {
  const machine::Machine machine = machine::inspect();
  benches::Swap swap(options.swap, machine);
  benches::Catalogue catalogue(machine, swap);
  benches::add_registered(catalogue);
  std::vector<char*> words;
  for (std::string& word : options.words) words.push_back(word.data());
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data(), &print_help);
  if (benchmark::ReportUnrecognizedArguments(count, words.data())) return cli::kUsage;
  add_context(catalogue, swap);
  benches::CsvReporter printed, kept;
  const bool to_file = options.file_format == "csv" && !options.file.empty();
  const std::size_t matched = benchmark::RunSpecifiedBenchmarks(options.format == "csv" ? &printed : nullptr,
                                                                to_file ? &kept : nullptr);
  benchmark::Shutdown();
  if (matched == 0) tell_skipped(catalogue);
  std::fflush(stdout);
  return matched == 0 ? cli::kFailed : cli::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::guarded([&] {
    return benches::supervised(
        [options = read_options(argc, argv)] { return cli::guarded([&] { return run(options); }); });
  });
}
