// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/repeat.hpp"

#include <fmt/format.h>

#include "harness/compare/batches.hpp"
#include "harness/os/error.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::campaign {
namespace {

BatchRun repetition(BatchRun run, int number, const char* side) {
  run.point = run.name;
  if (side != nullptr) run.value = side;
  run.name = side == nullptr ? fmt::format("{}-{:03}", run.point, number)
                             : fmt::format("{}-{}-{:03}", run.point, side, number);
  return run;
}

}  // namespace

BatchRun run_of(const trial::Definition& definition, const trial::Options& options) {
  return {.name = definition.name,
          .command = command_of(definition, options),
          .definition = &definition,
          .options = options};
}

BatchRun run_of_words(const trial::Definition& definition, const trial::Words& words) {
  static const trial::Caller kEach{
      .problem = "not for each of the runs",
      .remedies = {{"sweep", "calibrate each value by itself"}, {"repeat", "--runs says how many"}}};
  const trial::Given given = read_words(definition, {words}, kEach);
  if (given.help)
    throw os::UsageError("--help", "true", kEach.problem,
                         fmt::format("see: tlbstorm run {} --help", definition.name));
  return run_of(definition, given.options);
}

std::vector<BatchRun> repeated(const std::vector<BatchRun>& runs, int times) {
  std::vector<BatchRun> all;
  for (int number = 1; number <= times; ++number)
    for (const BatchRun& run : runs) all.push_back(repetition(run, number, nullptr));
  return all;
}

std::vector<BatchRun> repeated(const std::vector<BatchRun>& base, const std::vector<BatchRun>& next,
                               int times) {
  std::vector<BatchRun> all;
  for (int number = 1; number <= times; ++number)
    for (std::size_t i = 0; i < base.size(); ++i) {
      BatchRun one = repetition(base[i], number, compare::kBaseValue),
               other = repetition(next[i], number, compare::kNextValue);
      if (number % 2 == 0) std::swap(one, other);
      all.push_back(std::move(one));
      all.push_back(std::move(other));
    }
  return all;
}

}  // namespace tlbstorm::campaign
