// SPDX-License-Identifier: Apache-2.0
// What a command line may not have, whatever the command: words that nobody asked for, options without a
// value, and one option with two.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/os/error.hpp"
#include "harness/os/printable.hpp"
#include "harness/os/units.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::cli {
namespace {

using os::UsageError;

std::string see_help(const CLI::App& app) { return fmt::format("see: {} --help", app.get_name()); }

bool is_switch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }
bool takes_one(const CLI::Option& option) { return option.get_items_expected_max() <= 1; }

/// Before CLI11 sees them: "--memory=" would take the next word, and a switch that is neither true nor false
/// ends in an exception of std::stoll.
void check_words(const CLI::App& app, const Arguments& words) {
  std::string before = "argument";
  for (const std::string& word : words) {
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const std::string name = equals == word.npos ? before : word.substr(0, equals);
    const std::string value = equals == word.npos ? word : word.substr(equals + 1);
    if (!os::is_utf8(word)) throw UsageError(name, value, "not valid UTF-8", "write it in UTF-8");
    before = word.starts_with("--") ? word : "argument";
    if (equals == word.npos) continue;
    if (value.empty()) throw UsageError(name, "", "a value is missing", see_help(app));
    const CLI::Option* const option = app.get_option_no_throw(name);
    if (option != nullptr && is_switch(*option) && value != "true" && value != "false")
      throw UsageError(name, value, "not a switch", "leave the value out, or give true or false");
  }
}

[[noreturn]] void refuse_unexpected(const CLI::App& app) {
  const Arguments words = app.remaining(true);
  const auto dashed =
      std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.starts_with("-"); });
  const std::string word = dashed != words.end() ? dashed->substr(0, dashed->find('=')) : words.at(0);
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  const std::string near = os::nearest(word, known);
  std::string command = app.get_name();
  if (const std::size_t blank = command.find(' '); blank != std::string::npos) command.erase(0, blank + 1);
  throw UsageError(command, word, dashed != words.end() ? "no such option" : "not expected here",
                   near.empty() ? see_help(app) : fmt::format("did you mean {}?", near));
}

/// For CLI11, which else has an error of its own for two values, and takes "[a,b]" for two and "[]" for none;
/// a place of many words it can't do without.
void take_words_as_they_are(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) {
    if (takes_one(*option)) option->take_last();
    if (!option->get_positional()) option->allow_extra_args(false);
  }
}

void check_given(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    for (const std::string& value : option->results())
      if (value.empty() || (value.starts_with("-") && app.get_option_no_throw(value) != nullptr))
        throw UsageError(name, value, "a value is missing", see_help(app));
    if (!takes_one(*option) || option->results().size() < 2) continue;
    const auto& values = option->results();
    const auto other = std::find_if(values.begin(), values.end(),
                                    [&](const std::string& value) { return value != values.front(); });
    if (other != values.end())
      throw UsageError(name, values.front(), fmt::format("given again, as {} {}", name, *other),
                       "give it once");
  }
}

void parse_words(CLI::App& app, const Arguments& words) {
  try {
    app.parse(Arguments(words.rbegin(), words.rend()));  // CLI11 takes them off the back
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    throw;
  } catch (const CLI::ExtrasError&) {
    refuse_unexpected(app);
  } catch (const CLI::ArgumentMismatch& error) {  // "--trials: 1 required TEXT missing"
    const std::string said = error.what();
    throw UsageError(fmt::format("{}: a value is missing", said.substr(0, said.find(':'))), see_help(app));
  } catch (const CLI::RequiredError& error) {  // "RUN is required", or a command of ours
    if (words.empty() || app.get_require_subcommand_min() == 0) throw UsageError(error.what(), see_help(app));
    throw UsageError(app.get_name(), words.front(), "no such command", see_help(app));
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what(), see_help(app));
  }
}

}  // namespace

void parse(CLI::App& app, const Arguments& given) {
  Arguments words = given;
  for (std::string& word : words)
    if (word == "--wait")
      word = fmt::format("--wait={}", trial::kForever);  // a value of its own would be taken for one
  check_words(app, words);
  take_words_as_they_are(app);
  for (CLI::App* const command : app.get_subcommands({})) take_words_as_they_are(*command);
  parse_words(app, words);
  check_given(app);
  for (const CLI::App* command : app.get_subcommands()) check_given(*command);
}

}  // namespace tlbstorm::cli
