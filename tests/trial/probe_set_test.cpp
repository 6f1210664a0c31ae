// SPDX-License-Identifier: Apache-2.0
// The probes of a run on a machine whose devices come and go between its trials and during them.
#include "harness/trial/probe_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/temporary_folder.hpp"

namespace tlbstorm::trial {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ProbeSetTest : public ::testing::Test {
 protected:
  ProbeSetTest() {
    plan_.sample_budget = std::chrono::seconds{1};
    plan_.probes = {"swapdev", "zram"};
    target_.proc = folder_.path() / "proc";
    target_.sys = folder_.path() / "sys";
    put("proc/meminfo", "SwapTotal: 1024 kB\nSwapFree: 512 kB\n");
    put_swaps({"zram0", "zram3"});
    for (const char* const name : {"zram0", "zram1", "zram3"}) put_device(name, "7 0 0 0 0 0 0 0 0 0 0\n");
  }
  void put(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << text;
  }
  void put_swaps(const std::vector<std::string>& names) const {
    std::string text = "Filename Type Size Used Priority\n";
    for (const std::string& name : names) text += "/dev/" + name + " partition 65532 0 100\n";
    put("proc/swaps", text);
  }
  void put_device(const std::string& name, const std::string& stat) const {
    put("sys/class/block/" + name + "/stat", stat);
    put("sys/class/block/" + name + "/mm_stat", stat);
  }
  double read(ProbeSet& probes, const std::string& column) const {
    std::vector<double> row(probes.columns().size());
    probes.read(row, Scoreboard(1), 0, true, false);
    for (std::size_t i = 0; i < row.size(); ++i)
      if (probes.columns()[i].name == column) return row[i];
    ADD_FAILURE() << column;
    return 0;
  }

  const test::TemporaryFolder folder_;
  probe::Target target_;
  Plan plan_;
  Definition definition_;
};

TEST_F(ProbeSetTest, WhatGoesAndComesIsToldOnceAndNothingElseChanges) {
  ProbeSet probes(plan_, definition_, target_);
  const std::size_t columns = probes.columns().size();
  EXPECT_THAT(probes.changes("before trial 1"), IsEmpty());
  EXPECT_EQ(read(probes, "swapdev.reads"), 14);
  put_device("zram3", "");
  put_swaps({"zram0", "zram1"});
  EXPECT_TRUE(std::isnan(read(probes, "swapdev.reads")));
  EXPECT_THAT(
      probes.changes("during trial 1"),
      ElementsAre("the swap area /dev/zram3 went away during trial 1: its figures are absent from then on",
                  "the swap area /dev/zram1 came during trial 1: it is not counted, since what is was "
                  "fixed when the run began"));
  EXPECT_THAT(probes.begin_trial(target_, "before trial 2"), IsEmpty());
  EXPECT_EQ(probes.columns().size(), columns);
  EXPECT_EQ(read(probes, "swapdev.reads"), 7);
  EXPECT_EQ(read(probes, "zram.stored"), 7);
}

TEST_F(ProbeSetTest, WhatGoesBetweenTrialsLeavesTheNextOneItsSums) {
  ProbeSet probes(plan_, definition_, target_);
  put_device("zram0", "");
  put_swaps({"zram3"});
  EXPECT_THAT(
      probes.begin_trial(target_, "before trial 2"),
      ElementsAre("the swap area /dev/zram0 went away before trial 2: its figures are absent from then on"));
  EXPECT_EQ(read(probes, "swapdev.reads"), 7);
}

TEST_F(ProbeSetTest, ProbeThatCannotBeOpenedIsAbsentWithTheReason) {
  plan_.probes = {"cpu", "swapdev"};  // there is no proc/stat
  const ProbeSet probes(plan_, definition_, target_);
  ASSERT_EQ(probes.absent().size(), 1u);
  EXPECT_EQ(probes.absent()[0].name, "cpu");
  EXPECT_THAT(probes.absent()[0].why.reason, testing::HasSubstr("proc/stat: No such file"));
  EXPECT_EQ(probes.readings().size(), 1u);
}

}  // namespace
}  // namespace tlbstorm::trial
