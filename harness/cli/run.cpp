// SPDX-License-Identifier: Apache-2.0
// tlbstorm run: options -> plan -> trials -> run folder -> summary.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/cli/progress.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/error.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/trial/planner.hpp"
#include "harness/trial/runner.hpp"
#include "harness/trial/swap_area.hpp"
#include "harness/verdict/judge.hpp"
#include "harness/verdict/summary.hpp"

namespace tlbstorm::cli {
namespace {

struct RunOptions {
  trial::Options options;  ///< those of the plan, as given
  bool dry_run = false;
  bool quiet = false;
};

std::string parameter_help(const trial::Parameter& parameter) {
  std::string text = parameter.help;
  if (!parameter.choices.empty()) text += fmt::format(": {}", fmt::join(parameter.choices, ", "));
  return text;
}

/// Adds an option whose text is kept if it is given.
void add_option(CLI::App& app, const std::string& name, const std::string& help, const std::string& standard,
                const std::string& group, trial::Options& options) {
  CLI::Option* const option = app.add_option_function<std::string>(
      "--" + name, [&options, name](const std::string& value) { options[name] = value; }, help);
  option->group(group);
  if (!standard.empty()) option->default_str(standard);
}

/// Names the first word that is no option, and the option that it may have been meant to be.
[[noreturn]] void refuse_unexpected(const CLI::App& app, const std::string& workload) {
  const std::vector<std::string> words = app.remaining();
  const auto dashed =
      std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.starts_with("--"); });
  const std::string word = dashed != words.end() ? dashed->substr(0, dashed->find('=')) : words.at(0);
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  const std::string near = os::nearest(word, known);
  throw os::UsageError("run " + workload, word, "no such option",
                       near.empty() ? fmt::format("see: tlbstorm run {} --help", workload)
                                    : fmt::format("did you mean {}?", near));
}

RunOptions parse_options(const trial::Definition& definition, const Arguments& arguments) {
  RunOptions run;
  CLI::App app(fmt::format("{}\nOne operation: {}", definition.summary, definition.operation),
               "tlbstorm run " + definition.name);
  const std::string own_group = "Options of " + definition.name;
  for (const trial::Parameter& parameter : definition.parameters) {
    if (parameter.type == trial::Parameter::Type::flag) {
      const std::string name = parameter.name;
      app.add_flag_function(
             "--" + name, [&run, name](std::int64_t n) { run.options[name] = n > 0 ? "true" : "false"; },
             parameter_help(parameter))
          ->group(own_group);
      continue;
    }
    add_option(app, parameter.name, parameter_help(parameter),
               parameter.standard == "0" ? "" : parameter.standard, own_group, run.options);
  }
  std::string presets;
  for (const trial::Preset& preset : definition.presets)
    presets += fmt::format("; {}: {}", preset.name, preset.help);
  for (const trial::CommonOption& option : trial::common_options()) {
    if (option.name == "config") {
      app.set_config("--config", "", option.help)->group("Options of every run");
      continue;
    }
    std::string standard = option.standard;
    if (option.name == "trials") standard = std::to_string(definition.trials);
    if (option.name == "warmup") standard = definition.warmup;
    if (option.name == "duration") standard = definition.duration;
    add_option(app, option.name, option.help + (option.name == "preset" ? presets : ""), standard,
               "Options of every run", run.options);
  }
  app.add_flag("--dry-run", run.dry_run, "print the whole plan and touch nothing")
      ->group("Options of every run");
  app.add_flag("--quiet", run.quiet, "no progress; the summary only")->group("Options of every run");
  app.allow_config_extras(CLI::config_extras_mode::error);
  try {
    parse(app, arguments);
  } catch (const CLI::ExtrasError&) {
    refuse_unexpected(app, definition.name);
  } catch (const CLI::FileError& error) {
    throw os::UsageError(fmt::format("--config: {}", error.what()),
                         "name a file with a line for each option");
  } catch (const CLI::ConfigError& error) {
    throw os::UsageError(fmt::format("--config: {}", error.what()),
                         "name options without their dashes: trials = 5");
  }
  return run;
}

/// The workload's name: the first argument, or a later one that names a workload when options come before it.
std::string take_workload(Arguments& arguments) {
  auto found = std::find_if(arguments.begin(), arguments.end(), [](const std::string& word) {
    return std::any_of(trial::workloads().begin(), trial::workloads().end(),
                       [&](const trial::Definition& definition) { return definition.name == word; });
  });
  if (found == arguments.end())
    found = std::find_if(arguments.begin(), arguments.end(),
                         [](const std::string& word) { return word[0] != '-'; });
  if (found == arguments.end())
    throw os::UsageError("run", "WORKLOAD", "no workload is named", "`tlbstorm list workloads` shows them");
  std::string name = *found;
  arguments.erase(found);
  return name;
}

void print_help() {
  std::cout
      << "Runs a workload under memory reclaim and measures its TLB shootdowns.\n"
         "Usage: tlbstorm run WORKLOAD [OPTIONS]      (tlbstorm run WORKLOAD --help shows the options)\n\n"
         "Workloads:\n";
  for (const trial::Definition& definition : trial::workloads())
    std::cout << fmt::format("  {:<14}{}\n", definition.name, definition.summary);
}

/// Passes everything on to the recorder, the judge and the screen.
class Audience final : public trial::Observer {
 public:
  Audience(record::Recorder& recorder, verdict::Judge& judge, Progress& progress)
      : recorder_(recorder), judge_(judge), progress_(progress) {}
  void begin_trial(int trial, std::span<const probe::Column> columns) override {
    recorder_.begin_trial(trial, columns);
    judge_.begin_trial(trial, columns);
    progress_.begin_trial(trial, columns);
  }
  void sample(const trial::Sample& sample) override {
    recorder_.sample(sample);
    recorder_.flush();
    judge_.sample(sample);
    progress_.sample(sample);
  }
  void end_trial(const trial::TrialResult& result) override {
    recorder_.end_trial(result);
    recorder_.judge(result.trial, judge_.judge(result));
    progress_.end_trial(result);
  }

 private:
  record::Recorder& recorder_;
  verdict::Judge& judge_;
  Progress& progress_;
};

/// Undoes what an earlier, killed run left, and says so.
void restore_leftovers() {
  const os::Restored restored = os::restore();
  for (const std::string& change : restored.undone)
    fmt::print(stderr, "tlbstorm: undid what a killed run had left: {}\n", change);
  for (const std::string& problem : restored.problems)
    fmt::print(stderr, "tlbstorm: a killed run left something: {}\n", problem);
}

/// The changes that hold for the whole run: swap areas and settings.
std::vector<os::Applied> prepare_machine(const trial::Plan& plan, os::Journal& journal,
                                         std::vector<trial::SwapArea>& swap) {
  for (const trial::SwapRequest& request : plan.swap) swap.emplace_back(journal, request);
  std::vector<os::Applied> applied;
  for (const auto& [path, value] : plan.settings) {
    const std::string before = machine::chosen(os::read_text(path));
    applied.push_back(journal.apply({os::Change::Kind::value, path, before},
                                    [&path = path, &value = value] { os::write_text(path, value); }));
  }
  return applied;
}

int run_trials(const trial::Plan& plan, const trial::Definition& definition, const machine::Machine& machine,
               record::Recorder& recorder, Progress& progress) {
  os::SignalFd signals{SIGINT, SIGTERM, SIGHUP};
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe must not keep the machine from being restored
  os::Journal journal;
  verdict::Judge judge(plan, definition, machine);
  Audience audience(recorder, judge, progress);
  std::vector<trial::SwapArea> swap;
  const std::vector<os::Applied> changes = prepare_machine(plan, journal, swap);
  std::optional<trial::Ballast> ballast;
  if (plan.ballast) ballast.emplace(*plan.ballast, signals);
  trial::Runner runner(plan, definition, machine, journal, signals, audience, ballast ? &*ballast : nullptr);
  int as_expected = 0;
  for (int trial = 1; trial <= plan.trials && !runner.signal(); ++trial)
    if (runner.run(trial).outcome == plan.expect) ++as_expected;
  recorder.finish(runner.signal() ? "interrupted" : "finished");
  if (runner.signal()) return kSignal + *runner.signal();
  return as_expected == plan.trials ? kOk : kFailed;
}

int run_plan(const Arguments& given, const RunOptions& run, const trial::Definition& definition) {
  const machine::Machine machine = machine::inspect();
  trial::Plan plan = trial::make_plan(definition, run.options, machine);
  if (plan.output.empty()) plan.output = record::default_folder(plan.workload, plan.label);
  record::check_folder(plan.output);
  if (run.dry_run) {
    std::cout << record::to_json(plan, definition).dump(2) << "\n";
    return kOk;
  }
  restore_leftovers();
  Arguments command{"tlbstorm", "run"};
  command.insert(command.end(), given.begin(), given.end());
  record::Recorder recorder(plan.output, plan, definition, machine, command);
  Progress progress(plan, run.quiet);
  const int code = run_trials(plan, definition, machine, recorder, progress);
  std::cout << verdict::summarise(record::read_run(recorder.folder())) << std::flush;
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
    const trial::Definition& definition = trial::find_workload(take_workload(arguments));
    return run_plan(given, parse_options(definition, arguments), definition);
  });
}

}  // namespace tlbstorm::cli
