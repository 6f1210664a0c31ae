// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/planner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/ballast.hpp"
#include "harness/trial/scoreboard.hpp"

namespace tlbstorm::trial {
namespace {

using os::operator""_GiB;
using os::operator""_MiB;
using testing::ElementsAre;
using testing::HasSubstr;

machine::Machine four_cpus() {
  machine::Machine machine;
  for (int id = 0; id < 4; ++id) {
    machine.topology.cpus.push_back({id, id % 2, id / 2, id / 2});
    machine.topology.online.push_back(id);
  }
  machine.memory = 8_GiB;
  machine.available = 6_GiB;
  machine.cgroup = {machine::CgroupVersion::v1, "/sys/fs/cgroup/memory", "", ""};
  return machine;
}

/// A workload that is never run.
Definition fake() {
  Definition definition;
  definition.name = "fake";
  definition.parameters = {
      {.name = "size", .type = Option::Type::size, .standard = "1M", .help = "a size"},
      {.name = "kind",
       .type = Option::Type::choice,
       .standard = "a",
       .help = "a choice",
       .choices = {{"a"}, {"zipf:THETA"}}},
      {.name = "share", .type = Option::Type::ratio, .standard = "0.5", .help = "a ratio"},
      {.name = "fast", .type = Option::Type::flag, .help = "a switch"}};
  definition.presets = {{"big", "a preset", {{"size", "1G"}, {"mode", "processes"}, {"trials", "9"}}}};
  return definition;
}

std::string refusal(const Options& options, const machine::Machine& machine = four_cpus()) {
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

TEST(Planner, ManifestHasWhatBecameOfAShareAndOtherTextAsItIs) {
  Definition definition = fake();
  definition.parameters.push_back(
      {.name = "each", .type = Option::Type::worker_size, .standard = "1M", .help = "of each worker"});
  definition.parameters.push_back({.name = "file", .type = Option::Type::path, .help = "a path"});
  const Options given{{"size", "1M..25%..1G"}, {"each", "50%"}, {"file", "../a%"}, {"workers", "4"}};
  const auto values = make_plan(definition, given, four_cpus()).parameters.values();
  EXPECT_EQ(values.at("size"), std::to_string((1_GiB).count));
  EXPECT_EQ(values.at("each"), std::to_string((1_GiB).count)) << "half of 8 GiB by 4 workers";
  EXPECT_EQ(values.at("file"), "../a%");
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
  machine.cgroup = {machine::CgroupVersion::v2, {}, "no memory cgroup", "run as root"};
  EXPECT_NE(refusal({{"memory", "1G"}}, machine).find("no memory cgroup"), std::string::npos);
}

/// Unless this user may not lock that much, --ballast then is what is asked for.
bool may_lock(os::Bytes size) {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  return ::geteuid() == 0 || limit.rlim_cur >= size.count;
}

TEST(Bystanders, AreNoneUnlessAskedFor) {
  const Plan plan = make_plan(fake(), {}, four_cpus());
  EXPECT_EQ(plan.bystanders, 0);
  EXPECT_TRUE(plan.bystander_cpus.empty());
}

TEST(Bystanders, TakeTheCpusAfterTheWorkers) {
  const Plan plan = make_plan(fake(), {{"bystanders", "1"}, {"workers", "2"}}, four_cpus());
  EXPECT_THAT(plan.cpus, ElementsAre(0, 1));
  EXPECT_THAT(plan.bystander_cpus, ElementsAre(2));
  EXPECT_TRUE(plan.notes.empty());
}

TEST(Bystanders, LeaveTheOtherCpusToTheWorkers) {
  const Plan one = make_plan(fake(), {{"bystanders", "1"}}, four_cpus());
  EXPECT_EQ(one.workers, 3);
  EXPECT_THAT(one.cpus, ElementsAre(0, 1, 2));
  EXPECT_THAT(one.bystander_cpus, ElementsAre(3));
  const Plan three = make_plan(fake(), {{"bystanders", "3"}}, four_cpus());
  EXPECT_THAT(three.cpus, ElementsAre(0));
  EXPECT_THAT(three.bystander_cpus, ElementsAre(1, 2, 3));
}

TEST(Bystanders, StayWithinThePlacement) {
  const Plan plan = make_plan(fake(), {{"bystanders", "1"}, {"placement", "socket:1"}}, four_cpus());
  EXPECT_THAT(plan.cpus, ElementsAre(2));
  EXPECT_THAT(plan.bystander_cpus, ElementsAre(3));
}

TEST(Bystanders, AreRefusedWhenNoCpuIsLeftForThem) {
  const std::vector<Options> crowded{{{"bystanders", "4"}},
                                     {{"bystanders", "1"}, {"workers", "4"}},
                                     {{"bystanders", "2"}, {"workers", "3"}},
                                     {{"bystanders", "1"}, {"workers", "9"}},
                                     {{"bystanders", "1"}, {"placement", "cpus:2"}},
                                     {{"bystanders", "1"}, {"workers", "2"}, {"placement", "socket:0"}}};
  for (const Options& options : crowded)
    EXPECT_THAT(refusal(options), HasSubstr("--bystanders " + options.at("bystanders") + ": no CPU"));
}

TEST(Bystanders, OfProcessesAreCalledAControl) {
  const Plan plan = make_plan(fake(), {{"bystanders", "1"}, {"mode", "processes"}}, four_cpus());
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("bystanders share no memory with them")));
}

TEST(Bystanders, HaveTheThresholdThatIsGiven) {
  EXPECT_EQ(make_plan(fake(), {}, four_cpus()).gap_threshold, std::chrono::microseconds{1});
  EXPECT_EQ(make_plan(fake(), {{"gap-threshold", "2.5us"}}, four_cpus()).gap_threshold,
            os::Nanoseconds{2500});
  EXPECT_THAT(refusal({{"gap-threshold", "5"}}), HasSubstr("--gap-threshold 5"));
}

TEST(Expectation, IsAnEndThatAWorkloadCanHave) {
  EXPECT_EQ(make_plan(fake(), {}, four_cpus()).expect, Outcome::ok);
  for (const Outcome outcome : {Outcome::ok, Outcome::oom, Outcome::enomem, Outcome::io_error}) {
    const Plan plan = make_plan(fake(), {{"expect", std::string(name(outcome))}}, four_cpus());
    EXPECT_EQ(plan.expect, outcome) << name(outcome);
  }
  for (const std::string text : {"failed", "timeout", "interrupted", "OOM", "killed", ""})
    EXPECT_THAT(refusal({{"expect", text}}), HasSubstr("--expect " + text)) << text;
}

TEST(BallastFloor, IsASixteenthOfTheMemoryAndNotLessThan128MiB) {
  EXPECT_EQ(ballast_floor(8_GiB), 512_MiB);
  EXPECT_EQ(ballast_floor(2_GiB), 128_MiB);
  EXPECT_EQ(ballast_floor(1_GiB), 128_MiB);
}

TEST(BallastOption, IsRefusedWhenItLeavesLessThanTheFloor) {
  for (const std::string text : {"5633M", "6G", "100%", "1T"}) {
    const std::string said = refusal({{"ballast", text}});
    EXPECT_THAT(said, HasSubstr("--ballast " + text + ": "));
    EXPECT_THAT(said, HasSubstr("6 GiB are available, and 512 MiB stay free"));
  }
}

TEST(BallastOption, MayTakeAllDownToTheFloor) {
  constexpr os::Bytes kMost{(6ull << 30) - (512ull << 20)};
  if (!may_lock(kMost)) GTEST_SKIP() << "this user may not lock " << os::format_size(kMost);
  EXPECT_EQ(make_plan(fake(), {{"ballast", "5632M"}}, four_cpus()).ballast, kMost);
  EXPECT_EQ(make_plan(fake(), {{"ballast", "25%"}}, four_cpus()).ballast, 2_GiB);
}

TEST(BallastOption, IsRefusedWhereLessThanTheFloorIsAvailable) {
  machine::Machine machine = four_cpus();
  machine.memory = 1_GiB;
  machine.available = 100_MiB;
  EXPECT_THAT(refusal({{"ballast", "4K"}}, machine), HasSubstr("100 MiB are available, and 128 MiB stay"));
}

TEST(BallastOption, IsWholePages) {
  if (!may_lock(1_MiB)) GTEST_SKIP() << "this user may not lock 1 MiB";
  const Plan plan = make_plan(fake(), {{"ballast", "1000000"}}, four_cpus());
  ASSERT_TRUE(plan.ballast);
  EXPECT_EQ(plan.ballast->count % os::page_size().count, 0u);
  EXPECT_NEAR(static_cast<double>(plan.ballast->count), 1e6, static_cast<double>(os::page_size().count));
}

TEST(BallastOption, IsRefusedWhenItIsLessThanAPage) {
  for (const std::string text : {"0", "100"})
    EXPECT_THAT(refusal({{"ballast", text}}), HasSubstr("--ballast " + text + ": less than a page"));
}

TEST(BallastOption, IsNoneUnlessAskedFor) { EXPECT_FALSE(make_plan(fake(), {}, four_cpus()).ballast); }

TEST(SysctlOption, BecomesFilesBelowProcSys) {
  const Plan plan = make_plan(
      fake(), {{"sysctl", "vm.swappiness=100,kernel.hostname=a=b, vm.overcommit_memory=1"}}, four_cpus());
  using Setting = std::pair<std::filesystem::path, std::string>;
  EXPECT_THAT(plan.settings, ElementsAre(Setting("/proc/sys/vm/swappiness", "100"),
                                         Setting("/proc/sys/kernel/hostname", "a=b"),
                                         Setting("/proc/sys/vm/overcommit_memory", "1")));
  EXPECT_TRUE(make_plan(fake(), {}, four_cpus()).settings.empty());
}

TEST(SysctlOption, IsRefusedWhenItNamesNoFileBelowProcSys) {
  for (const std::string text : {"vm=1", "vm.=1", "..=1", "../../etc/passwd=1", "vm/../../version=1",
                                 "vm..swappiness=1", "vm.none=1", "=1", "vm.swappiness"})
    EXPECT_THAT(refusal({{"sysctl", text}}), HasSubstr("--sysctl " + text + ": "));
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
    for (const Option& parameter : definition.parameters)
      EXPECT_FALSE(parameter.help.empty()) << parameter.name;
  }
}

}  // namespace
}  // namespace tlbstorm::trial
