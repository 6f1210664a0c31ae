// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/run_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/user_file.hpp"

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
  option->take_last();  // what is passed to all of a suite stands after what its line says
  if (!standard.empty()) option->default_str(standard);
}

/// For CLI11, which would open a FIFO and wait.
std::string no_plain_text(const std::string& path) {
  os::read_option_text("--config", path, "name a file with a line for each option");
  return "";
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

}  // namespace

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

RunOptions parse_run_options(const trial::Definition& definition, const Arguments& arguments) {
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
      app.set_config("--config", "", option.help)->group("Options of every run")->check(&no_plain_text);
      continue;
    }
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
  app.allow_config_extras(CLI::config_extras_mode::error);
  try {
    parse(app, arguments);
  } catch (const CLI::ExtrasError&) {
    refuse_unexpected(app, definition.name);
  } catch (const CLI::ConfigError& error) {
    throw os::UsageError(fmt::format("--config: {}", error.what()),
                         "name options without their dashes: trials = 5");
  }
  return run;
}

}  // namespace tlbstorm::cli
