// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/planner.hpp"

#include <gtest/gtest.h>

#include "harness/os/error.hpp"
#include "harness/trial/scoreboard.hpp"

namespace tlbstorm::trial {
namespace {

using os::operator""_GiB;
using os::operator""_MiB;

machine::Machine four_cpus() {
  machine::Machine machine;
  for (int id = 0; id < 4; ++id) {
    machine.topology.cpus.push_back({id, id % 2, id / 2, id / 2});
    machine.topology.online.push_back(id);
  }
  machine.memory = 8_GiB;
  machine.available = 6_GiB;
  machine.cgroup = {machine::CgroupVersion::v1, "/sys/fs/cgroup/memory", "", "", false};
  return machine;
}

/// A workload that is never run.
Definition fake() {
  Definition definition;
  definition.name = "fake";
  definition.parameters = {{"size", Parameter::Type::size, "1M", "a size"},
                           {"kind", Parameter::Type::choice, "a", "a choice", {"a", "zipf:THETA"}},
                           {"share", Parameter::Type::ratio, "0.5", "a ratio"},
                           {"fast", Parameter::Type::flag, "false", "a switch"}};
  definition.presets = {{"big", "a preset", {{"size", "1G"}, {"mode", "processes"}, {"trials", "9"}}}};
  return definition;
}

std::string refusal(const Options& options, machine::Machine machine = four_cpus()) {
  try {
    make_plan(fake(), options, machine);
  } catch (const os::UsageError& error) {
    EXPECT_NE(error.hint(), "") << error.what();
    return error.what();
  }
  return "";
}

TEST(Planner, DefaultsUseEveryCpuAndNoLimit) {
  const Plan plan = make_plan(fake(), {}, four_cpus());
  EXPECT_EQ(plan.workers, 4);
  EXPECT_EQ(plan.cpus, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(plan.mode, Mode::threads);
  EXPECT_EQ(plan.trials, 3);
  EXPECT_FALSE(plan.memory);
  EXPECT_EQ(plan.parameters.size("size"), 1_MiB);
  EXPECT_FALSE(plan.probes.empty());
}

TEST(Planner, WorkersFollowThePlacement) {
  EXPECT_EQ(make_plan(fake(), {{"placement", "socket:1"}}, four_cpus()).cpus, (std::vector<int>{2, 3}));
  const Plan crowded = make_plan(fake(), {{"placement", "cpus:1"}, {"workers", "3"}}, four_cpus());
  EXPECT_EQ(crowded.cpus, (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(crowded.notes.size(), 1u);
}

TEST(Planner, PresetIsStrongerThanDefaultsAndWeakerThanTheUser) {
  const Plan plan = make_plan(fake(), {{"preset", "big"}, {"trials", "2"}}, four_cpus());
  EXPECT_EQ(plan.parameters.size("size"), 1_GiB);
  EXPECT_EQ(plan.mode, Mode::processes);
  EXPECT_EQ(plan.trials, 2);
}

TEST(Planner, PercentagesAreOfTheMachine) {
  EXPECT_EQ(make_plan(fake(), {{"memory", "25%"}, {"size", "50%"}}, four_cpus()).memory, 2_GiB);
  EXPECT_EQ(make_plan(fake(), {{"size", "50%"}}, four_cpus()).parameters.size("size"), 4_GiB);
}

TEST(Planner, RefusalsNameOptionAndValue) {
  const std::vector<std::pair<Options, std::string>> wrong{{{{"workers", "0"}}, "--workers 0"},
                                                           {{{"workers", "x"}}, "--workers x"},
                                                           {{{"trials", "0"}}, "--trials 0"},
                                                           {{{"mode", "fibers"}}, "--mode fibers"},
                                                           {{{"memory", "9G"}}, "--memory 9G"},
                                                           {{{"memory", "1K"}}, "--memory 1K"},
                                                           {{{"duration", "0"}}, "--duration 0"},
                                                           {{{"duration", "3"}}, "--duration 3"},
                                                           {{{"interval", "1us"}}, "--interval 1us"},
                                                           {{{"probes", "psi,none"}}, "--probes none"},
                                                           {{{"label", "a b"}}, "--label a b"},
                                                           {{{"label", "../x"}}, "--label ../x"},
                                                           {{{"sysctl", "vm.none=1"}}, "--sysctl vm.none=1"},
                                                           {{{"sysctl", "x"}}, "--sysctl x"},
                                                           {{{"swap", "zram"}}, "--swap zram"},
                                                           {{{"preset", "small"}}, "--preset small"},
                                                           {{{"size", "x"}}, "--size x"},
                                                           {{{"kind", "b"}}, "--kind b"},
                                                           {{{"kind", "zipf:"}}, "--kind zipf:"},
                                                           {{{"share", "1.5"}}, "--share 1.5"},
                                                           {{{"share", "nan"}}, "--share nan"},
                                                           {{{"mempolicy", "bind:7"}}, "--mempolicy bind:7"},
                                                           {{{"seed", "-1"}}, "--seed -1"},
                                                           {{{"timeout", "long"}}, "--timeout long"}};
  for (const auto& [options, said] : wrong) EXPECT_NE(refusal(options).find(said), std::string::npos) << said;
}

TEST(Planner, MemoryLimitNeedsACgroup) {
  machine::Machine machine = four_cpus();
  machine.cgroup = {machine::CgroupVersion::v2, {}, "no memory cgroup", "run as root", false};
  EXPECT_NE(refusal({{"memory", "1G"}}, machine).find("no memory cgroup"), std::string::npos);
}

TEST(Workloads, AreFoundByNameOrSuggested) {
  EXPECT_EQ(find_workload("pageout").pacing, Pacing::rounds);
  try {
    find_workload("file-cach");
    FAIL();
  } catch (const os::UsageError& error) {
    EXPECT_NE(error.hint().find("file-cache"), std::string::npos);
  }
}

TEST(Workloads, SayWhatTheyAre) {
  for (const Definition& definition : workloads()) {
    EXPECT_FALSE(definition.summary.empty()) << definition.name;
    EXPECT_FALSE(definition.operation.empty()) << definition.name;
    EXPECT_LE(definition.counters.size(), kWorkloadCounters) << definition.name;
    for (const Parameter& parameter : definition.parameters)
      EXPECT_FALSE(parameter.help.empty()) << parameter.name;
  }
}

}  // namespace
}  // namespace tlbstorm::trial
