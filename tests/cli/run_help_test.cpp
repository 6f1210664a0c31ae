// SPDX-License-Identifier: Apache-2.0
// An option is one row: whoever needs it finds it there.
#include "harness/cli/run_help.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/record/manifest.hpp"
#include "harness/trial/given.hpp"
#include "harness/trial/options.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::cli {
namespace {

using testing::HasSubstr;
using Type = trial::Option::Type;

/// A workload that is never run, with one option of its own.
trial::Definition with(const trial::Option& option) {
  trial::Definition definition;
  definition.name = "fake";
  definition.parameters = {option};
  return definition;
}

TEST(Option, IsAddedInOnePlace) {
  const trial::Definition fake = with({.name = "depth",
                                       .type = Type::whole,
                                       .standard = "2",
                                       .help = "how deep it goes",
                                       .range = {1, 9},
                                       .unit = "pages"});
  const std::string help = help_of(fake);
  EXPECT_THAT(help, HasSubstr("--depth N=2"));
  EXPECT_THAT(help, HasSubstr("how deep it goes (pages)"));
  machine::Machine machine;
  machine.topology.cpus = {{0, 0, 0, 0}};
  machine.topology.online = {0};
  machine.memory = machine.available = os::operator""_GiB(8);
  const trial::Given given = read_words(fake, {{"--depth", "3"}}, trial::command_itself());
  const trial::Plan plan = trial::make_plan(fake, given.options, machine);
  EXPECT_EQ(plan.parameters.integer("depth"), 3);
  EXPECT_THAT(record::plan_text(plan, fake), HasSubstr("\"depth\": \"3\""));
  EXPECT_THROW(trial::make_plan(fake, {{"depth", "10"}}, machine), os::UsageError);
}

TEST(Option, HasHelpForEachOfItsChoices) {
  const std::string help = help_of(with({.name = "kind",
                                         .type = Type::choice,
                                         .standard = "a",
                                         .help = "which kind",
                                         .choices = {{"a", "the first"}, {"b"}}}));
  EXPECT_THAT(help, HasSubstr("a: the first"));
  EXPECT_THAT(help, HasSubstr("threads: of one mm"));
}

TEST(Option, OfAWorkloadSharesNoNameWithOneOfEveryRun) {
  for (const trial::Definition& definition : trial::workloads())
    for (const trial::Option& own : definition.parameters)
      for (const trial::Option& common : trial::run_options())
        EXPECT_NE(own.name, common.name) << definition.name;
}

}  // namespace
}  // namespace tlbstorm::cli
