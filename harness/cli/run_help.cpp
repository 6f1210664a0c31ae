// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/run_help.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "harness/trial/options.hpp"

namespace tlbstorm::cli {
namespace {

std::string text_of(const trial::Definition& definition, const trial::Option& option) {
  std::string text = option.help;
  if (!option.unit.empty()) text += fmt::format(" ({})", option.unit);
  for (const trial::Choice& choice : option.choices)
    text += fmt::format("\n  {}{}{}", choice.value, choice.help.empty() ? "" : ": ", choice.help);
  if (option.name == "preset")
    for (const trial::Preset& preset : definition.presets)
      text += fmt::format("\n  {}: {}", preset.name, preset.help);
  return text;
}

void add(CLI::App& app, const trial::Definition& definition, const trial::Option& option,
         const std::string& group) {
  const std::string text = text_of(definition, option);
  if (option.is_switch()) {
    app.add_flag(option.dashed(), text)->group(group);
    return;
  }
  CLI::Option* const shown = app.add_option(option.dashed(), text);
  shown->group(group)->type_name(std::string(option.placeholder()));
  const std::string standard = standard_of(definition, option);
  // A size of 0 is worked out; what stands in its place is in the help.
  if (!standard.empty() && !(option.is_size() && standard == "0")) shown->default_str(standard);
}

}  // namespace

std::string help_of(const trial::Definition& definition) {
  CLI::App app(fmt::format("{}\nOne operation: {}", definition.summary, definition.operation),
               "tlbstorm run " + definition.name);
  for (const trial::Option& option : definition.parameters)
    add(app, definition, option, "Options of " + definition.name);
  for (const trial::Option& option : trial::run_options())
    add(app, definition, option, "Options of every run");
  return app.help();
}

}  // namespace tlbstorm::cli
