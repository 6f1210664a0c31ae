// SPDX-License-Identifier: Apache-2.0
// tlbstorm suite: a fixed list of runs, each into a run folder under one parent, and a table at the end.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <optional>

#include "harness/campaign/repeat.hpp"
#include "harness/campaign/suite_file.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/screen.hpp"
#include "harness/cli/side_words.hpp"
#include "harness/os/error.hpp"
#include "harness/record/recorder.hpp"
#include "harness/report/batch_table.hpp"
#include "harness/trial/options.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::cli {
namespace {

void list_suites() {
  std::cout
      << "Runs a list of workloads, each into a run folder under one parent, and prints one table.\n"
         "Usage: tlbstorm suite NAME|FILE [--repeat N] [--base WORDS --new WORDS] [--output FOLDER]\n"
         "       [--quiet] [--dry-run] [--wait[=TIME]] [--ignore-lock] [OPTIONS of every run]\n\n"
         "  --repeat N       each run N times, in rounds: what a verdict needs\n"
         "  --base, --new    two sides, in turn: options of their runs, or a command before each of them\n\n"
         "Suites:\n";
  for (const campaign::SuiteText& known : campaign::suite_texts())
    std::cout << fmt::format("  {:<10}{}\n", known.name,
                             campaign::parse_suite(std::string(known.name), known.text).about);
  std::cout << "\nA suite of yours is a file with a line for each run: its name, a workload, options.\n";
}

bool asks_for_help(const Arguments& words) {
  return words.empty() || std::any_of(words.begin(), words.end(), [](const std::string& word) {
           return word == "--help" || word == "-h";
         });
}

/// The runs of a side.
std::vector<campaign::BatchRun> runs_of_side(const campaign::Suite& suite, const Arguments& common,
                                             const std::string& option, const std::string& said) {
  const SideWords words = side_words(said);
  try {
    std::vector<campaign::BatchRun> runs = campaign::runs_of(suite, {common, words.options});
    for (campaign::BatchRun& run : runs) run.prepare = words.command;
    return runs;
  } catch (const os::UsageError& error) {
    throw os::UsageError(option, said, error.what(), error.hint());
  }
}

/// What each run would be, and why it can't be made; throws when none can: a bad option, mostly.
std::string preview(const std::vector<campaign::BatchRun>& runs) {
  const machine::Machine machine = machine::inspect();
  std::string text;
  std::optional<os::UsageError> refusal;
  bool possible = false;
  for (const campaign::BatchRun& run : runs) {
    text += fmt::format("{:<20}{}{}\n", run.name, run.prepare.empty() ? "" : run.prepare + "; ",
                        fmt::join(run.command, " "));
    try {
      trial::make_plan(*run.definition, run.options, machine);
      possible = true;
    } catch (const os::UsageError& error) {
      text += fmt::format("{:<20}can't be made here: {}\n", "", error.what());
      if (!refusal) refusal = error;
    }
  }
  if (!possible) throw os::UsageError(*refusal);
  return text;
}

}  // namespace

int suite(const Arguments& given) {
  return guarded([&] {
    if (asks_for_help(given)) {
      list_suites();
      return given.empty() ? kUsage : kOk;
    }
    CLI::App app("", "tlbstorm suite");
    std::filesystem::path parent;
    bool quiet = false, dry_run = false;
    LockOptions lock;
    std::string base, next, repeat = "1";
    app.add_option("--repeat", repeat);
    app.add_option("--base", base);
    const CLI::Option* const two_sides = app.add_option("--new", next);
    app.add_option("--output", parent);
    app.add_flag("--quiet", quiet);
    app.add_flag("--dry-run", dry_run);
    add_lock_options(app, lock);
    app.allow_extras();
    parse(app, given);
    Arguments words = app.remaining();
    if (words.empty()) throw os::UsageError("suite NAME: no suite is named", "tlbstorm suite shows them");
    const campaign::Suite suite = campaign::find_suite(words.front());
    words.erase(words.begin());
    const auto times = static_cast<int>(trial::run_option("repeat").whole(repeat));
    if (!*two_sides && !base.empty())
      throw os::UsageError("--base", base, "there is no other side", "say what is new: --new '--workers 2'");
    std::vector<campaign::BatchRun> runs = campaign::runs_of(suite, {words});  // refused under their own name
    if (*two_sides)
      runs = campaign::repeated(runs_of_side(suite, words, "--base", base),
                                runs_of_side(suite, words, "--new", next), times);
    else if (times > 1)
      runs = campaign::repeated(runs, times);
    const std::string shown = preview(runs);
    if (parent.empty()) parent = record::default_folder("suite", suite.name);
    record::check_folder(parent);
    if (dry_run) {
      std::cout << shown;
      return kOk;
    }
    Screen screen(quiet);
    const int code = campaign::run_batch({"suite", suite.name, suite.about}, runs, parent, lock, screen);
    std::cout << report::tabulate(record::read_batch(parent)) << std::flush;
    return code;
  });
}

}  // namespace tlbstorm::cli
