// SPDX-License-Identifier: Apache-2.0
#include "benches/options.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace tlbstorm::benches {
namespace {

struct Default {
  const char* option;
  const char* value;
};
constexpr std::array<Default, 2> kDefaults{
    {{"benchmark_enable_random_interleaving", "true"}, {"benchmark_min_time", "0.1"}}};

/// An option's value as the library will see it; the last one counts.
std::string value_of(const std::vector<std::string>& words, const std::string& option) {
  const std::string prefix = fmt::format("--{}=", option);
  const auto word = std::find_if(words.rbegin(), words.rend(),
                                 [&](const std::string& one) { return one.starts_with(prefix); });
  if (word != words.rend()) return word->substr(prefix.size());
  std::string variable = option;
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  const char* const value = std::getenv(variable.c_str());
  return value == nullptr ? "" : value;
}

}  // namespace

Options read_options(int argc, char** argv) {
  constexpr std::string_view kSwap = "--swap=";
  Options options;
  cli::Arguments given(argv, argv + argc);
  options.lock = cli::take_lock_options(given);
  for (const std::string_view word : given)
    if (word.starts_with(kSwap))
      options.swap = word.substr(kSwap.size());
    else
      options.words.emplace_back(word);
  for (const Default& one : kDefaults)
    if (value_of(options.words, one.option).empty())
      options.words.push_back(fmt::format("--{}={}", one.option, one.value));
  options.csv_printed = value_of(options.words, "benchmark_format") == "csv";
  options.csv_kept = value_of(options.words, "benchmark_out_format") == "csv" &&
                     !value_of(options.words, "benchmark_out").empty();
  return options;
}

void print_help() {
  benchmark::PrintDefaultHelp();
  std::cout
      << "\n"
         "tlbstorm-bench adds:\n"
         "          [--swap=zram:SIZE|file:[PATH:]SIZE|device:/dev/X]  for pageout/dirty_anon and "
         "fault/swap,\n"
         "              for as long as they run; without it the machine's own, or zram:64M if less than\n"
         "              32M of that are free\n"
         "          [--wait[=TIME]] [--ignore-lock]  as in tlbstorm run\n"
         "and has other defaults: --benchmark_enable_random_interleaving=true, --benchmark_min_time=0.1\n"
         "docs/benches.md has what each benchmark does and the rule of their names.\n";
}

}  // namespace tlbstorm::benches
