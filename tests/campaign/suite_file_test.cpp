// SPDX-License-Identifier: Apache-2.0
// The suites that come with the tool, on machines of every size.
#include "harness/campaign/suite_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::campaign {
namespace {

using os::operator""_GiB;
using os::operator""_MiB;
using testing::HasSubstr;

/// Two sockets from 16 CPUs on, two threads a core; swap is active, as for the suite `swap`.
machine::Machine machine_of(os::Bytes memory, int cpus) {
  machine::Machine machine;
  for (int id = 0; id < cpus; ++id) {
    machine.topology.cpus.push_back({id, id / 2, cpus < 16 ? 0 : id * 2 / cpus, 0});
    machine.topology.online.push_back(id);
  }
  machine.topology.memory_nodes = {0};
  machine.memory = memory;
  machine.available = memory / 10 * 9;
  machine.cgroup = {machine::CgroupVersion::v2, "/sys/fs/cgroup", "", ""};
  machine.swaps = {{"/dev/nvme1n1", "partition", memory / 2, {}, -2}};
  return machine;
}

os::Bytes brought_along(const trial::Plan& plan) {
  os::Bytes bytes;
  for (const trial::SwapRequest& request : plan.swap) bytes = bytes + request.size;
  return bytes;
}

/// What has nothing to do with sizes: a CPU or a node too few, or the disk of the host that runs this test.
bool may_be_left_out(const std::string& refusal) {
  const std::vector<std::string> lacks{"needs two workers", "no CPU of their own", "one NUMA node",
                                       "free, and 1 GiB stays free"};
  return std::any_of(lacks.begin(), lacks.end(),
                     [&](const std::string& lack) { return refusal.find(lack) != std::string::npos; });
}

struct Size {
  os::Bytes memory;
  int cpus;
};

class SuitesOnMachines : public testing::TestWithParam<Size> {};

TEST_P(SuitesOnMachines, EveryRunFitsAndHasRoomForItsWorkers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can plan for swap";
  const machine::Machine machine = machine_of(GetParam().memory, GetParam().cpus);
  int planned = 0;
  for (const SuiteText& known : suite_texts())
    for (const BatchRun& run : runs_of(parse_suite(std::string(known.name), known.text), {})) {
      const std::string name = std::string(known.name) + " " + run.name;
      try {
        const trial::Plan plan = make_plan(*run.definition, run.options, machine);
        ++planned;
        EXPECT_LE(plan.memory.value_or(os::Bytes{}) + brought_along(plan), machine.memory / 4 * 3) << name;
        if (plan.memory) {
          EXPECT_GE(plan.memory->count / static_cast<std::uint64_t>(plan.workers), (3_MiB).count) << name;
        }
      } catch (const os::UsageError& error) {
        EXPECT_TRUE(may_be_left_out(error.what())) << name << ": " << error.what();
      }
    }
  EXPECT_GT(planned, 50);
}

INSTANTIATE_TEST_SUITE_P(Machines, SuitesOnMachines,
                         testing::Values(Size{1_GiB, 1}, Size{1_GiB, 8}, Size{2_GiB, 4}, Size{24_GiB, 2},
                                         Size{64_GiB, 64}, Size{256_GiB, 128}, Size{512_GiB, 256},
                                         Size{1024_GiB, 512}, Size{4096_GiB, 896}),
                         [](const testing::TestParamInfo<Size>& machine) {
                           return std::to_string(machine.param.memory.count >> 30) + "GiB" +
                                  std::to_string(machine.param.cpus) + "Cpus";
                         });

TEST(SuiteFile, LargerMachinesGetLargerRuns) {
  const Suite suite = parse_suite("mine", "touch usemem --size 1M..10%..4G --workers 2");
  const BatchRun run = runs_of(suite, {}).at(0);
  const auto planned = [&](os::Bytes memory) {
    return make_plan(*run.definition, run.options, machine_of(memory, 8)).parameters.size("size");
  };
  EXPECT_EQ(planned(20_GiB), 1_GiB) << "10% of the memory for both workers";
  EXPECT_EQ(planned(40_GiB), 2_GiB);
  EXPECT_EQ(planned(400_GiB), 4_GiB);
}

TEST(SuiteFile, FirstCommentIsWhatItIsForAndExtraOptionsGoToEveryRun) {
  const Suite suite = parse_suite("mine", "# for me\n# more\n\none pageout\n two  file-cache --sparse\n");
  EXPECT_EQ(suite.about, "for me");
  const std::vector<BatchRun> runs = runs_of(suite, {{"--trials", "9"}});
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[1].definition->name, "file-cache");
  EXPECT_EQ(runs[1].options.at("sparse"), "true");
  EXPECT_EQ(runs[0].options.at("trials"), "9");
}

TEST(SuiteFile, ExtraOptionsAreStrongerAndTheCommandMakesTheSameRun) {
  const BatchRun run =
      runs_of(parse_suite("mine", "one pageout --trials 3 --region 4M"), {{"--trials", "9"}}).at(0);
  EXPECT_EQ(run.options.at("trials"), "9");
  EXPECT_EQ(run.command, (trial::Words{"tlbstorm", "run", "pageout", "--region=4M", "--trials=9"}));
}

TEST(SuiteFile, RefusesAFileWithoutRunsAndTwoRunsOfOneName) {
  for (const char* const text : {"", "\n\n", "# only a comment\n"})
    EXPECT_THROW(parse_suite("mine", text), os::UsageError) << text;
  try {
    parse_suite("mine", "one pageout\nother pageout\none file-cache\n");
    ADD_FAILURE();
  } catch (const os::UsageError& error) {
    EXPECT_STREQ(error.what(), "suite mine one: two runs have this name");
  }
}

TEST(SuiteFile, RefusesALineWithoutAWorkloadAndANameThatIsAPath) {
  for (const char* const line :
       {"alone", "../up pageout", ".hidden pageout", "a/b pageout", "=1+1 pageout", "-x pageout",
        "@x pageout", "a\x1b[31m pageout", "batch.json pageout", "points.csv pageout"})
    try {
      parse_suite("mine", line);
      ADD_FAILURE() << line;
    } catch (const os::UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("suite mine"));
      EXPECT_THAT(error.hint(), HasSubstr("write a line as"));
    }
}

TEST(SuiteFile, TwoRunsOfOneNameWouldGoToOneFolder) {
  try {
    parse_suite("mine", "one pageout\ntwo pageout\none usemem\n");
    ADD_FAILURE();
  } catch (const os::UsageError& error) {
    EXPECT_STREQ(error.what(), "suite mine one: two runs have this name");
  }
}

TEST(SuiteFile, OptionsThatCannotBeParsedAreRefusedWithTheRunsName) {
  const auto complaint = [](const std::string& line) -> std::string {
    try {
      runs_of(parse_suite("mine", line), {});
    } catch (const os::UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(complaint("one pageout --trials"), "suite run one: --trials: a value is missing");
  EXPECT_EQ(complaint("one pageout --trials 1 --trials 2"),
            "suite run one: --trials 1: given again, as --trials 2");
  EXPECT_EQ(complaint("one pageout --no-such 1"), "suite run one: run pageout --no-such: no such option");
  for (const char* const words : {"--help", "--sweep workers=1,2", "--dry-run", "--quiet", "--output x"})
    EXPECT_THAT(
        complaint(std::string("one pageout ") + words),
        testing::AllOf(testing::StartsWith("suite run one: "), HasSubstr("no option of a run in a suite")))
        << words;
}

}  // namespace
}  // namespace tlbstorm::campaign
