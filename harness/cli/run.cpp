// SPDX-License-Identifier: Apache-2.0
// tlbstorm run: options -> plan -> trials -> run folder -> summary.
#include <fmt/format.h>

#include <iostream>

#include "harness/campaign/execute.hpp"
#include "harness/campaign/repeat.hpp"
#include "harness/campaign/sweep.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/run_help.hpp"
#include "harness/cli/screen.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/manifest.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/report/batch_table.hpp"
#include "harness/report/summary.hpp"
#include "harness/trial/given.hpp"
#include "harness/trial/options.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::cli {
namespace {

void print_help() {
  std::cout
      << "Runs a workload under memory reclaim and measures its TLB shootdowns.\n"
         "Usage: tlbstorm run WORKLOAD [OPTIONS]      (tlbstorm run WORKLOAD --help shows the options)\n\n"
         "Workloads:\n";
  for (const trial::Definition& definition : trial::workloads())
    std::cout << fmt::format("  {:<14}{}\n", definition.name, definition.summary);
}

trial::Plan plan_of(const trial::Given& given, const trial::Definition& definition,
                    const machine::Machine& machine) {
  trial::Options options = given.options;
  options["output"] = given.text("output");
  trial::Plan plan = trial::make_plan(definition, options, machine);
  if (plan.output.empty()) plan.output = record::default_folder(plan.workload, plan.label);
  record::check_folder(plan.output);
  return plan;
}

int run_once(const Arguments& command, const trial::Given& given, const trial::Definition& definition) {
  const campaign::LockOptions lock_options = campaign::lock_options(given.command);
  // What can't be is refused before anything is waited for; but whom we are told to wait for may be in the
  // way.
  if (given.is_on("dry-run") || !lock_options.wait) {
    const trial::Plan plan = plan_of(given, definition, machine::inspect());
    if (given.is_on("dry-run")) {
      std::cout << record::plan_text(plan, definition);
      return kOk;
    }
  }
  Screen screen(given.is_on("quiet"));
  const campaign::MachineLock lock(lock_options, screen);
  campaign::restore_leftovers(screen);
  // Not as the run before, or one that was killed, had it.
  const machine::Machine machine = machine::inspect();
  const trial::Plan plan = plan_of(given, definition, machine);
  const int code = campaign::execute(plan, definition, machine, command, lock, screen);
  const record::RunFolder made = record::read_run(plan.output);
  std::cout << report::summarise(made) << std::flush;
  if (code != kOk || made.manifest.valid_trials() > 0) return code;
  complain("no trial is valid: the figures are no evidence", "see INVALID above for what helps");
  return kFailed;
}

/// What a sweep's folder is called when nothing is said.
std::filesystem::path folder_of(const trial::Given& given, const trial::Definition& definition,
                                const std::string& swept) {
  if (std::string output = given.text("output"); !output.empty()) return output;
  const auto label = given.options.find("label");
  return record::default_folder(definition.name,
                                "sweep-" + swept + (label == given.options.end() ? "" : "-" + label->second));
}

int repeats(const trial::Given& given) {
  const std::string text = given.text("repeat");
  return text.empty() ? 1 : static_cast<int>(trial::run_option("repeat").whole(text));
}

int repeat(const trial::Given& given, const trial::Definition& definition) {
  std::filesystem::path parent = given.text("output");
  const trial::Plan plan = trial::make_plan(definition, given.options, machine::inspect());
  if (parent.empty()) parent = record::default_folder(definition.name, plan.label);
  record::check_folder(parent);
  if (given.is_on("dry-run")) {
    std::cout << record::plan_text(plan, definition);
    return kOk;
  }
  Screen screen(given.is_on("quiet"));
  const int code =
      campaign::run_batch({"repeat", definition.name, definition.operation},
                          campaign::repeated({campaign::run_of(definition, given.options)}, repeats(given)),
                          parent, campaign::lock_options(given.command), screen);
  std::cout << report::tabulate(record::read_batch(parent)) << std::flush;
  return code;
}

int sweep(const trial::Given& given, const trial::Definition& definition) {
  campaign::Sweep sweep =
      campaign::plan_sweep(given.text("sweep"), given.options, definition, machine::inspect());
  if (const int times = repeats(given); times > 1) sweep.runs = campaign::repeated(sweep.runs, times);
  const std::filesystem::path parent = folder_of(given, definition, sweep.option);
  record::check_folder(parent);
  if (given.is_on("dry-run")) {
    std::cout << record::plan_texts(sweep.plans, definition);
    return kOk;
  }
  Screen screen(given.is_on("quiet"));
  const int code = campaign::run_batch({"sweep", sweep.option, definition.name + ": " + definition.operation},
                                       sweep.runs, parent, campaign::lock_options(given.command), screen);
  std::cout << report::tabulate(record::read_batch(parent)) << std::flush;
  return code;
}

}  // namespace

int run(const Arguments& given) {
  return guarded([&] {
    Arguments arguments = given;
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
      print_help();
      return arguments.empty() ? kUsage : kOk;
    }
    const trial::Definition& definition = trial::find_workload(trial::take_workload(arguments));
    const trial::Given words = read_words(definition, {arguments}, trial::command_itself());
    if (words.help) {
      std::cout << help_of(definition);
      return kOk;
    }
    Arguments command{"tlbstorm", "run"};
    command.insert(command.end(), given.begin(), given.end());
    if (!words.text("sweep").empty()) return sweep(words, definition);
    return repeats(words) > 1 ? repeat(words, definition) : run_once(command, words, definition);
  });
}

}  // namespace tlbstorm::cli
