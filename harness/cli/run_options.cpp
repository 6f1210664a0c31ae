// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/run_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "harness/cli/config_file.hpp"
#include "harness/os/error.hpp"

namespace tlbstorm::cli {
namespace {

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

/// The words of one layer.
RunOptions parse_layer(const trial::Definition& definition, const Arguments& words) {
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
    std::string standard = option.standard;
    if (option.name == "trials") standard = std::to_string(definition.trials);
    if (option.name == "warmup") standard = definition.warmup;
    if (option.name == "duration") standard = definition.duration;
    add_option(app, option.name, option.help + (option.name == "preset" ? presets : ""), standard,
               "Options of every run", run.options);
  }
  app.add_option("--sweep", run.sweep,
                 "one run for each value of an option, and a table: workers=1..8, workers=1..N, "
                 "pages-per-call=1,8,64")
      ->group("Options of every run");
  app.add_flag("--dry-run", run.dry_run, "print the whole plan and touch nothing")
      ->group("Options of every run");
  app.add_flag("--quiet", run.quiet, "no progress; the summary only")->group("Options of every run");
  add_lock_options(app, run.lock, "Options of every run");
  parse(app, words);
  return run;
}

/// What is in `more` counts.
void lay_over(RunOptions& run, const RunOptions& more) {
  for (const auto& [name, value] : more.options) run.options[name] = value;
  if (!more.sweep.empty()) run.sweep = more.sweep;
  run.dry_run |= more.dry_run;
  run.quiet |= more.quiet;
  if (more.lock.wait) run.lock.wait = more.lock.wait;
  run.lock.ignore |= more.lock.ignore;
}

}  // namespace

std::string take_workload(Arguments& arguments) {
  const auto is_workload = [](const std::string& word) {
    return std::any_of(trial::workloads().begin(), trial::workloads().end(),
                       [&](const trial::Definition& definition) { return definition.name == word; });
  };
  auto found = std::find_if(arguments.begin(), arguments.end(), is_workload);
  if (found != arguments.end() && std::any_of(found + 1, arguments.end(), is_workload))
    throw os::UsageError("WORKLOAD", *found, "more than one word names a workload",
                         "write a value that does as --option=VALUE");
  if (found == arguments.end())
    found = std::find_if(arguments.begin(), arguments.end(),
                         [](const std::string& word) { return word[0] != '-'; });
  if (found == arguments.end())
    throw os::UsageError("run", "WORKLOAD", "no workload is named", "`tlbstorm list workloads` shows them");
  std::string name = *found;
  arguments.erase(found);
  return name;
}

RunOptions parse_run_options(const trial::Definition& definition, const std::vector<Arguments>& layers) {
  RunOptions run;
  for (const Arguments& words : layers) {
    RunOptions layer = parse_layer(definition, words);
    if (const auto config = layer.options.find("config"); config != layer.options.end()) {
      lay_over(run, parse_layer(definition, read_config(config->second)));
      layer.options.erase(config);
    }
    lay_over(run, layer);
  }
  return run;
}

Arguments command_of(const trial::Definition& definition, const trial::Options& options) {
  Arguments command{"tlbstorm", "run", definition.name};
  for (const auto& [name, value] : options) command.push_back(fmt::format("--{}={}", name, value));
  return command;
}

}  // namespace tlbstorm::cli
