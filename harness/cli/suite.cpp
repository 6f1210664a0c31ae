// SPDX-License-Identifier: Apache-2.0
// tlbstorm suite: a fixed list of runs, each into a run folder under one parent, and a table at the end.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/suite_file.hpp"
#include "harness/os/error.hpp"
#include "harness/record/recorder.hpp"

namespace tlbstorm::cli {
namespace {

void list_suites() {
  std::cout << "Runs a list of workloads, each into a run folder under one parent, and prints one table.\n"
               "Usage: tlbstorm suite NAME|FILE [--output FOLDER] [--quiet] [--dry-run] [--wait[=TIME]] "
               "[--ignore-lock]\n"
               "       [OPTIONS of every run]\n\n"
               "Suites:\n";
  for (const SuiteText& known : suite_texts())
    std::cout << fmt::format("  {:<10}{}\n", known.name,
                             parse_suite(std::string(known.name), known.text).about);
  std::cout << "\nA suite of yours is a file with a line for each run: its name, a workload, options.\n";
}

/// Takes `--name value` or `--name=value` out of the arguments.
std::string take_option(Arguments& arguments, const std::string& name) {
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
    if (word->starts_with(name + "=")) {
      const std::string value = word->substr(name.size() + 1);
      arguments.erase(word);
      return value;
    }
    if (*word != name) continue;
    if (std::next(word) == arguments.end())
      throw os::UsageError("suite", name, "a value is missing", "see: tlbstorm suite --help");
    const std::string value = *std::next(word);
    arguments.erase(word, std::next(word, 2));
    return value;
  }
  return "";
}

bool take_flag(Arguments& arguments, const std::string& name) { return std::erase(arguments, name) > 0; }

}  // namespace

int suite(const Arguments& given) {
  return guarded([&] {
    Arguments arguments = given;
    if (take_flag(arguments, "--help") || take_flag(arguments, "-h") || arguments.empty()) {
      list_suites();
      return given.empty() ? kUsage : kOk;
    }
    const LockOptions lock = take_lock_options(arguments);
    std::filesystem::path parent = take_option(arguments, "--output");
    const bool quiet = take_flag(arguments, "--quiet"), dry_run = take_flag(arguments, "--dry-run");
    const Suite suite = find_suite(arguments.front());
    arguments.erase(arguments.begin());
    std::vector<BatchRun> runs = runs_of(suite, arguments);
    if (dry_run) {
      for (const BatchRun& run : runs)
        std::cout << fmt::format("{:<20}{}\n", run.name, fmt::join(run.command, " "));
      return kOk;
    }
    if (parent.empty()) parent = record::default_folder("suite", suite.name);
    record::check_folder(parent);
    return run_batch({"suite", suite.name, suite.about}, std::move(runs), parent, lock, quiet);
  });
}

}  // namespace tlbstorm::cli
