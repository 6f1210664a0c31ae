// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/given.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/os/error.hpp"
#include "harness/os/printable.hpp"
#include "harness/os/units.hpp"
#include "harness/trial/config_file.hpp"
#include "harness/trial/options.hpp"

namespace tlbstorm::trial {
namespace {

using os::UsageError;

/// One layer of words.
class Reader {
 public:
  Reader(const Definition& definition, const Words& words)
      : definition_(definition), see_help_(fmt::format("see: tlbstorm run {} --help", definition.name)) {
    for (at_ = words.begin(), end_ = words.end(); at_ != end_; ++at_) take(*at_);
  }
  Given given;

 private:
  void take(const std::string& word) {
    if (word == "--help" || word == "-h") {
      given.help = true;
      return;
    }
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const std::string dashed = word.substr(0, equals);
    if (!os::is_utf8(word))
      throw UsageError(equals == word.npos ? "argument" : dashed,
                       word.substr(equals == word.npos ? 0 : equals + 1), "not valid UTF-8",
                       "write it in UTF-8");
    if (!word.starts_with("-") || word == "-") refuse(word, "not expected here");
    const Option* const option =
        dashed.starts_with("--") ? find_option(definition_, dashed.substr(2)) : nullptr;
    if (option == nullptr) refuse(dashed, "no such option");
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    keep(*option, value_of(*option, value));
  }

  /// What stands behind the '=', or the next word; a switch and --wait need none.
  std::string value_of(const Option& option, const std::optional<std::string>& value) {
    const bool may_be_alone = option.is_switch() || option.name == "wait";
    if (!value && may_be_alone) return option.is_switch() ? "true" : std::string(kForever);
    if (!value && at_ + 1 != end_ && !is_option(*(at_ + 1))) {
      const std::string& next = *++at_;
      if (!os::is_utf8(next)) throw UsageError(option.dashed(), next, "not valid UTF-8", "write it in UTF-8");
      return required(option, next);
    }
    if (!value) throw UsageError(fmt::format("{}: a value is missing", option.dashed()), see_help_);
    return required(option, *value);
  }
  std::string required(const Option& option, const std::string& value) const {
    if (value.empty()) throw UsageError(option.dashed(), "", "a value is missing", see_help_);
    if (option.is_switch()) option.check(value, {});
    return value;
  }

  void keep(const Option& option, const std::string& value) {
    Options& all = option.of_command ? given.command : given.options;
    const auto [known, fresh] = all.try_emplace(option.name, value);
    if (!fresh && known->second != value)
      throw UsageError(option.dashed(), known->second,
                       fmt::format("given again, as {} {}", option.dashed(), value), "give it once");
  }

  bool is_option(const std::string& word) const {
    return word.starts_with("--") && find_option(definition_, word.substr(2, word.find('=') - 2)) != nullptr;
  }

  [[noreturn]] void refuse(const std::string& word, const char* problem) const {
    std::vector<std::string> known;
    for (const Option* option : options_of(definition_)) known.push_back(option->dashed());
    const std::string near = os::nearest(word, known);
    throw UsageError("run " + definition_.name, word, problem,
                     near.empty() ? see_help_ : fmt::format("did you mean {}?", near));
  }

  const Definition& definition_;
  std::string see_help_;
  Words::const_iterator at_, end_;
};

void lay_over(Given& given, const Given& more) {
  for (const auto& [name, value] : more.options) given.options.insert_or_assign(name, value);
  for (const auto& [name, value] : more.command) given.command.insert_or_assign(name, value);
  given.help |= more.help;
}

void refuse_what_is_not_taken(const Given& given, const Caller& caller) {
  const auto refuse = [&](const std::string& name, const std::string& value, const std::string& remedy) {
    throw UsageError("--" + name, value, caller.problem, remedy);
  };
  const auto remedy_of = [&](const std::string& name) {
    return std::find_if(caller.remedies.begin(), caller.remedies.end(),
                        [&](const auto& one) { return one.first == name; });
  };
  for (const auto& [name, value] : given.command)
    if (std::find(caller.takes.begin(), caller.takes.end(), name) == caller.takes.end())
      refuse(name, value,
             remedy_of(name) == caller.remedies.end() ? "leave it out" : remedy_of(name)->second);
  for (const auto& [name, value] : given.options)
    if (const auto remedy = remedy_of(name); remedy != caller.remedies.end())
      refuse(name, value, remedy->second);
}

bool is_workload(const std::string& word) {
  return std::any_of(workloads().begin(), workloads().end(),
                     [&](const Definition& definition) { return definition.name == word; });
}

}  // namespace

Caller command_itself() {
  Caller caller;
  for (const Option& option : run_options())
    if (option.of_command) caller.takes.push_back(option.name);
  return caller;
}

bool Given::is_on(const std::string& name) const { return text(name) == "true"; }

std::string Given::text(const std::string& name) const {
  const auto found = command.find(name);
  return found == command.end() ? "" : found->second;
}

Given read_words(const Definition& definition, const std::vector<Words>& layers, const Caller& caller) {
  Given given;
  for (const Words& words : layers) {
    Given layer = Reader(definition, words).given;
    if (const auto config = layer.options.find("config"); config != layer.options.end()) {
      lay_over(given, Reader(definition, read_config(config->second)).given);
      layer.options.erase(config);
    }
    lay_over(given, layer);
  }
  refuse_what_is_not_taken(given, caller);
  return given;
}

std::string take_workload(Words& words) {
  auto found = std::find_if(words.begin(), words.end(), is_workload);
  if (found != words.end() && std::any_of(found + 1, words.end(), is_workload))
    throw UsageError("WORKLOAD", *found, "more than one word names a workload",
                     "write a value that does as --option=VALUE");
  if (found == words.end())
    found = std::find_if(words.begin(), words.end(),
                         [](const std::string& word) { return !word.starts_with('-'); });
  if (found == words.end())
    throw UsageError("run", "WORKLOAD", "no workload is named", "`tlbstorm list workloads` shows them");
  std::string name = *found;
  words.erase(found);
  return name;
}

Words command_of(const Definition& definition, const Options& options) {
  Words command{"tlbstorm", "run", definition.name};
  for (const auto& [name, value] : options) command.push_back(fmt::format("--{}={}", name, value));
  return command;
}

}  // namespace tlbstorm::trial
