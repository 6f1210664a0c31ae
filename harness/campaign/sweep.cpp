// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/record/manifest.hpp"
#include "harness/trial/given.hpp"
#include "harness/trial/options.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::campaign {
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

void require_option(const std::string& option, const std::string& text, const trial::Definition& definition) {
  const trial::Option* const found = find_option(definition, option);
  if (found != nullptr && !found->of_command && option != "config") return;
  std::vector<std::string> names;
  for (const trial::Option* one : options_of(definition)) names.push_back(one->name);
  const std::string near = os::nearest(option, names);
  throw os::UsageError("--sweep", text, fmt::format("there is no option --{} to sweep", option),
                       near.empty() ? fmt::format("see: tlbstorm run {} --help", definition.name)
                                    : fmt::format("did you mean {}?", near));
}

/// Two values that make the same run ("1,01"), or give its folder the same name, would be two points of one.
void refuse_twice(const BatchRun& run, const trial::Plan& plan, const Sweep& sweep) {
  const std::string text = record::plan_text(plan, *run.definition);
  for (std::size_t i = 0; i < sweep.runs.size(); ++i)
    if (run.name == sweep.runs[i].name || text == record::plan_text(sweep.plans[i], *run.definition))
      throw os::UsageError("--sweep", run.value, fmt::format("the same run as {}", sweep.runs[i].value),
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

Sweep plan_sweep(const std::string& text, const trial::Options& options, const trial::Definition& definition,
                 const machine::Machine& machine) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) refuse(text);
  Sweep sweep{text.substr(0, equals), {}, {}};
  require_option(sweep.option, text, definition);
  if (const auto fixed = options.find(sweep.option); fixed != options.end())
    throw os::UsageError("--sweep", text, fmt::format("and --{} {} as well", sweep.option, fixed->second),
                         "leave one of them out");
  const auto values = [&](std::string_view part) {
    return sweep_values(std::string(part), static_cast<int>(machine.topology.cpus.size()));
  };
  for (const std::string& value :
       os::part_of("--sweep", text, std::string_view(text).substr(equals + 1), values)) {
    BatchRun run{.name = fmt::format("{}={}", sweep.option, value),
                 .value = value,
                 .command = {},
                 .definition = &definition,
                 .options = options};
    run.options[sweep.option] = value;
    run.command = command_of(definition, run.options);
    for (char& c : run.name)
      if (c == '/') c = '_';
    if (!record::is_folder_name(run.name))
      throw os::UsageError("--sweep", value, "a run's folder can't have that in its name",
                           "run it by itself");
    const trial::Plan plan = trial::make_plan(definition, run.options, machine);
    refuse_twice(run, plan, sweep);
    sweep.plans.push_back(plan);
    sweep.runs.push_back(std::move(run));
  }
  return sweep;
}

}  // namespace tlbstorm::campaign
