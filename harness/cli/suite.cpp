// SPDX-License-Identifier: Apache-2.0
// tlbstorm suite: a fixed list of runs, each into a run folder under one parent, and a table at the end. A
// suite is a file: a line for each run, its name and then workload and options as on the command line. Its
// first comment says what it is for.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/batch.hpp"
#include "harness/cli/suites.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/record/recorder.hpp"

namespace tlbstorm::cli {
namespace {

struct Suite {
  std::string name;
  std::string about;
  std::vector<Arguments> lines;  ///< name, workload, options
};

Suite parse_suite(const std::string& name, std::string_view text) {
  Suite suite{name, "", {}};
  while (!text.empty()) {
    std::string_view line = os::trim(os::take_line(text));
    if (line.starts_with("#")) {
      if (suite.about.empty()) suite.about = os::trim(line.substr(1));
      continue;
    }
    Arguments words;
    while (!os::trim(line).empty()) words.emplace_back(os::take_field(line));
    if (words.empty()) continue;
    const bool plain = words[0].find('/') == std::string::npos && !words[0].starts_with(".");
    if (words.size() < 2 || !plain)
      throw os::UsageError("suite " + name, words[0], "not a run's name and its workload",
                           "write a line as: dirty-anon  pageout --pages dirty-anon --trials 3");
    suite.lines.push_back(std::move(words));
  }
  return suite;
}

/// One that comes with the tool, or a file.
Suite find_suite(const std::string& name) {
  std::vector<std::string> names;
  for (const SuiteText& known : suite_texts()) {
    if (known.name == name) return parse_suite(name, known.text);
    names.emplace_back(known.name);
  }
  if (std::filesystem::is_regular_file(name))
    return parse_suite(std::filesystem::path(name).stem(), os::read_text(name));
  throw os::UsageError("suite", name, "no such suite and no such file",
                       fmt::format("the suites are: {}", fmt::join(names, ", ")));
}

void list_suites() {
  std::cout
      << "Runs a list of workloads, each into a run folder under one parent, and prints one table.\n"
         "Usage: tlbstorm suite NAME|FILE [--output FOLDER] [--quiet] [--dry-run] [OPTIONS of every run]\n\n"
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

BatchRun make_run(const Arguments& line, const Arguments& extra) {
  BatchRun run;
  run.name = line[0];
  run.command = {"tlbstorm", "run"};
  run.command.insert(run.command.end(), line.begin() + 1, line.end());
  run.command.insert(run.command.end(), extra.begin(), extra.end());
  Arguments arguments(run.command.begin() + 2, run.command.end());
  run.definition = &trial::find_workload(take_workload(arguments));
  run.options = parse_run_options(*run.definition, arguments).options;
  return run;
}

}  // namespace

int suite(const Arguments& given) {
  return guarded([&] {
    Arguments arguments = given;
    if (take_flag(arguments, "--help") || take_flag(arguments, "-h") || arguments.empty()) {
      list_suites();
      return given.empty() ? kUsage : kOk;
    }
    std::filesystem::path parent = take_option(arguments, "--output");
    const bool quiet = take_flag(arguments, "--quiet"), dry_run = take_flag(arguments, "--dry-run");
    const Suite suite = find_suite(arguments.front());
    arguments.erase(arguments.begin());
    std::vector<BatchRun> runs;
    for (const Arguments& line : suite.lines) runs.push_back(make_run(line, arguments));
    if (dry_run) {
      for (const BatchRun& run : runs)
        std::cout << fmt::format("{:<20}{}\n", run.name, fmt::join(run.command, " "));
      return kOk;
    }
    if (parent.empty()) parent = record::default_folder("suite", suite.name);
    record::check_folder(parent);
    return run_batch({"suite", suite.name, suite.about}, std::move(runs), parent, quiet);
  });
}

}  // namespace tlbstorm::cli
