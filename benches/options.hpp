// SPDX-License-Identifier: Apache-2.0
// The command line of tlbstorm-bench: Google Benchmark's, with other defaults, and --swap.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/lock_options.hpp"

namespace tlbstorm::benches {

struct Options {
  std::vector<std::string> words;  ///< for benchmark::Initialize, the program's name first
  std::string swap;                ///< of --swap, or empty
  cli::LockOptions lock;
  bool list = false;   ///< of names, which measures nothing
  std::string file;    ///< of --benchmark_out, or empty
  std::string filter;  ///< of --benchmark_filter, or empty
  bool help = false;   ///< and nothing else
  // Which reporters are to be ours: csv_reporter.hpp.
  bool csv_printed = false;
  std::string file_format;  ///< of --benchmark_out_format, or empty
};

/// Google Benchmark also takes its options from the environment (--benchmark_format from BENCHMARK_FORMAT),
/// where the command line does not have them; our defaults give way to both.
/// Throws os::UsageError before anything is made.
Options read_options(int argc, char** argv);

/// Whether a benchmark of that name is among those that --benchmark_filter asks for.
bool matches(const std::string& filter, const std::string& name);

/// Prints what --help prints.
void print_help();

}  // namespace tlbstorm::benches
