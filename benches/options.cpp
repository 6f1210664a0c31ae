// SPDX-License-Identifier: Apache-2.0
#include "benches/options.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <regex.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string_view>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/printable.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::benches {
namespace {

struct Default {
  const char* option;
  const char* value;
};
constexpr auto kDefaults =
    std::to_array<Default>({{"benchmark_enable_random_interleaving", "true"}, {"benchmark_min_time", "0.1"}});

/// What may be said to an option of the library's, which takes most values for something.
struct Known {
  const char* option;
  void (*check)(const std::string& option, const std::string& value);
};

void any(const std::string& /*option*/, const std::string& /*value*/) {}
void seconds(const std::string& option, const std::string& value) { os::parse_real(option, value, 0, 86400); }
void count(const std::string& option, const std::string& value) { os::parse_whole(option, value, 1, 100000); }
void verbosity(const std::string& option, const std::string& value) {
  os::parse_whole(option, value, 0, 100);
}
void file(const std::string& option, const std::string& value) { os::check_writable(option, value); }

void one_of(const std::string& option, const std::string& value, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) == known.end())
    throw os::UsageError(option, value, "not one of its values",
                         fmt::format("give one of: {}", fmt::join(known, ", ")));
}
void choice(const std::string& option, const std::string& value) { one_of(option, value, {"true", "false"}); }
void colour(const std::string& option, const std::string& value) {
  one_of(option, value, {"auto", "true", "false"});
}
void format(const std::string& option, const std::string& value) {
  one_of(option, value, {"console", "json", "csv"});
}
void unit(const std::string& option, const std::string& value) {
  one_of(option, value, {"ns", "us", "ms", "s"});
}

/// As the library takes it: a minus before it leaves out what matches.
class Pattern {
 public:
  explicit Pattern(const std::string& text) : excludes_(text.starts_with('-')) {
    const int code = ::regcomp(&compiled_, text.c_str() + (excludes_ ? 1 : 0), REG_EXTENDED | REG_NOSUB);
    if (code == 0) return;
    std::array<char, 128> why{};
    ::regerror(code, &compiled_, why.data(), why.size());
    throw os::UsageError("--benchmark_filter", text, why.data(),
                         "give an extended regular expression, such as munmap/");
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() { ::regfree(&compiled_); }
  bool matches(const std::string& name) const {
    return (::regexec(&compiled_, name.c_str(), 0, nullptr, 0) == 0) != excludes_;
  }

 private:
  regex_t compiled_{};
  bool excludes_;
};
void pattern(const std::string& /*option*/, const std::string& value) { Pattern{value}; }

void context(const std::string& option, const std::string& value) {
  for (const std::string& pair : os::split_list(option, value))
    if (pair.find('=') == std::string::npos || pair.starts_with('='))
      throw os::UsageError(option, value, fmt::format("'{}' is not KEY=VALUE", pair),
                           "write it as disk=nvme");
}

constexpr auto kKnown = std::to_array<Known>({{"benchmark_list_tests", choice},
                                              {"benchmark_filter", pattern},
                                              {"benchmark_min_time", seconds},
                                              {"benchmark_min_warmup_time", seconds},
                                              {"benchmark_repetitions", count},
                                              {"benchmark_enable_random_interleaving", choice},
                                              {"benchmark_report_aggregates_only", choice},
                                              {"benchmark_display_aggregates_only", choice},
                                              {"benchmark_format", format},
                                              {"benchmark_out", file},
                                              {"benchmark_out_format", format},
                                              {"benchmark_color", colour},
                                              {"benchmark_counters_tabular", choice},
                                              {"benchmark_context", context},
                                              {"benchmark_time_unit", unit},
                                              {"benchmark_perf_counters", any},
                                              {"v", verbosity}});

/// Before anything is made: the library refuses less, and later.
void check_word(const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string option = word.substr(0, equals);
  std::vector<std::string> names{"--swap"};
  for (const Known& known : kKnown) {
    names.push_back(fmt::format("--{}", known.option));
    if (option != names.back()) continue;
    if (equals == std::string::npos && known.check == choice) return;  // the same as "=true"
    if (equals == std::string::npos || equals + 1 == word.size())
      throw os::UsageError(option, "", "a value is missing", fmt::format("write it as {}=VALUE", option));
    return known.check(option, word.substr(equals + 1));
  }
  if (option == "--swap" && equals != std::string::npos && equals + 1 < word.size()) return;
  if (option == "--swap")
    throw os::UsageError(option, "", "a value is missing", "write it as --swap=zram:64M");
  const std::string near = os::nearest(option, names);
  throw os::UsageError("tlbstorm-bench", word, "no such option",
                       near.empty() ? "see: tlbstorm-bench --help" : fmt::format("did you mean {}?", near));
}

/// An option that is given twice would have its last value.
void check_once(const std::vector<std::string>& words) {
  std::map<std::string, std::string> given;
  for (const std::string& word : words) {
    const std::string option = word.substr(0, word.find('='));
    const auto [first, is_new] = given.emplace(option, word);
    if (!is_new && first->second != word)
      throw os::UsageError(first->second, "and " + word, "two values for one option", "give it once");
  }
}

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
  cli::Arguments given(argv + 1, argv + argc);
  options.lock = cli::take_lock_options(given);
  for (const std::string& word : given) {
    options.help |= word == "--help" || word == "-h";
    if (!os::is_utf8(word)) throw os::UsageError("argument", word, "not valid UTF-8", "write it in UTF-8");
    if (!options.help) check_word(word);
  }
  if (options.help) return options;
  check_once(given);
  options.words.emplace_back(argv[0]);
  for (const std::string_view word : given)
    if (word.starts_with(kSwap))
      options.swap = word.substr(kSwap.size());
    else
      options.words.emplace_back(word);
  for (const Default& one : kDefaults)
    if (value_of(options.words, one.option).empty())
      options.words.push_back(fmt::format("--{}={}", one.option, one.value));
  options.list = value_of(options.words, "benchmark_list_tests") == "true" ||
                 std::find(given.begin(), given.end(), "--benchmark_list_tests") != given.end();
  options.csv_printed = value_of(options.words, "benchmark_format") == "csv";
  options.filter = value_of(options.words, "benchmark_filter");
  options.file = value_of(options.words, "benchmark_out");
  options.file_format = value_of(options.words, "benchmark_out_format");
  return options;
}

bool matches(const std::string& filter, const std::string& name) { return Pattern(filter).matches(name); }

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
