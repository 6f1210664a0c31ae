// SPDX-License-Identifier: Apache-2.0
// tlbstorm run WORKLOAD --sweep OPTION=VALUES: one run for each value, and a table of how it scales.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "harness/cli/batch.hpp"
#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/record/json_file.hpp"
#include "harness/record/recorder.hpp"

namespace tlbstorm::cli {
namespace {

constexpr std::size_t kMostRuns = 1000;

[[noreturn]] void refuse(const std::string& text) {
  throw os::UsageError("--sweep", text, "not OPTION=VALUES",
                       "write it as workers=1..8, workers=1..N, workers=1..64x2 or pages-per-call=1,8,64");
}

/// The values as a range of whole numbers; nothing when it is none.
std::optional<std::vector<std::string>> range(const std::string& text, int cpus) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  std::string last = text.substr(dots + 2), factor;
  if (const std::size_t times = last.find('x'); times != std::string::npos) {
    factor = last.substr(times + 1);
    if (factor.empty()) return std::nullopt;
    last.resize(times);
  }
  const auto from = os::to_number(text.substr(0, dots));
  const auto to = last == "N" ? std::optional<std::uint64_t>(cpus) : os::to_number(last);
  const auto grow = factor.empty() ? std::optional<std::uint64_t>(1) : os::to_number(factor);
  constexpr std::uint64_t kHighest = 100000;
  if (!from || !to || !grow || *from > *to || *to > kHighest || *grow > kHighest ||
      (!factor.empty() && (*grow < 2 || *from == 0)))
    return std::nullopt;
  std::vector<std::string> values;
  for (std::uint64_t n = *from; n <= *to; n = factor.empty() ? n + 1 : n * *grow)
    values.push_back(std::to_string(n));
  return values;
}

/// What the parent folder's name ends with.
std::string sweep_label(const std::string& option, const trial::Options& options) {
  const auto label = options.find("label");
  return "sweep-" + option + (label == options.end() ? "" : "-" + label->second);
}

void require_option(const std::string& option, const std::string& text, const trial::Definition& definition) {
  std::vector<std::string> names;
  for (const trial::CommonOption& common : trial::common_options()) names.push_back(common.name);
  for (const trial::Parameter& parameter : definition.parameters) names.push_back(parameter.name);
  if (std::find(names.begin(), names.end(), option) != names.end() && option != "output" &&
      option != "config")
    return;
  const std::string near = os::nearest(option, names);
  throw os::UsageError("--sweep", text, fmt::format("there is no option --{} to sweep", option),
                       near.empty() ? fmt::format("see: tlbstorm run {} --help", definition.name)
                                    : fmt::format("did you mean {}?", near));
}

/// Two values that make the same run ("1,01"), or give its folder the same name, would be two points of one.
void refuse_twice(const BatchRun& run, const nlohmann::ordered_json& plan, const std::vector<BatchRun>& runs,
                  const nlohmann::ordered_json& plans) {
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (run.name == runs[i].name || plan == plans[i])
      throw os::UsageError("--sweep", run.value, fmt::format("the same run as {}", runs[i].value),
                           "name each value once");
}

}  // namespace

std::vector<std::string> sweep_values(const std::string& text, int cpus) {
  auto values = text.find("..") == std::string::npos ? os::split_list("--sweep", text) : range(text, cpus);
  if (!values) refuse(text);
  if (values->size() > kMostRuns)
    throw os::UsageError("--sweep", text, fmt::format("{} runs", values->size()),
                         fmt::format("give {} values at most, such as 1..64x2", kMostRuns));
  std::set<std::string> distinct;
  for (const std::string& value : *values)
    if (!distinct.insert(value).second)
      throw os::UsageError("--sweep", text, fmt::format("{} is in it twice", value),
                           "give each value once; --trials says how often each run is repeated");
  return *values;
}

int sweep(const RunOptions& given, const trial::Definition& definition) {
  const std::size_t equals = given.sweep.find('=');
  if (equals == std::string::npos || equals == 0) refuse(given.sweep);
  const std::string option = given.sweep.substr(0, equals);
  require_option(option, given.sweep, definition);
  if (const auto fixed = given.options.find(option); fixed != given.options.end())
    throw os::UsageError("--sweep", given.sweep, fmt::format("and --{} {} as well", option, fixed->second),
                         "leave one of them out");
  const machine::Machine machine = machine::inspect();
  const auto values = [&](std::string_view text) {
    return sweep_values(std::string(text), static_cast<int>(machine.topology.cpus.size()));
  };
  std::vector<BatchRun> runs;
  nlohmann::ordered_json plans = nlohmann::ordered_json::array();
  for (const std::string& value :
       os::part_of("--sweep", given.sweep, std::string_view(given.sweep).substr(equals + 1), values)) {
    BatchRun run{fmt::format("{}={}", option, value), value, {}, &definition, given.options};
    run.options.erase("output");
    run.options[option] = value;
    run.command = command_of(definition, run.options);
    for (char& c : run.name)
      if (c == '/') c = '_';
    if (!record::is_folder_name(run.name))
      throw os::UsageError("--sweep", value, "a run's folder can't have that in its name",
                           "run it by itself");
    // All points are validated before the first one is run.
    nlohmann::ordered_json plan =
        record::to_json(trial::make_plan(definition, run.options, machine), definition);
    refuse_twice(run, plan, runs, plans);
    plans.push_back(std::move(plan));
    runs.push_back(std::move(run));
  }
  const auto output = given.options.find("output");
  const std::filesystem::path parent =
      output != given.options.end()
          ? std::filesystem::path(output->second)
          : record::default_folder(definition.name, sweep_label(option, given.options));
  record::check_folder(parent);
  if (given.dry_run) {
    std::cout << record::json_text(plans);
    return kOk;
  }
  return run_batch({"sweep", option, definition.name + ": " + definition.operation}, runs, parent, given.lock,
                   given.quiet);
}

}  // namespace tlbstorm::cli
