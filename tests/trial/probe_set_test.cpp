// SPDX-License-Identifier: Apache-2.0
// The probes of a run on a machine whose devices come and go between its trials and during them.
#include "harness/trial/probe_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "tests/temporary_folder.hpp"

namespace tlbstorm::trial {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ProbeSetTest : public ::testing::Test {
 protected:
  ProbeSetTest() {
    plan_.sample_budget = 1;
    plan_.interval = std::chrono::milliseconds{100};
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

  static std::vector<std::string> names(const ProbeSet& probes) {
    std::vector<std::string> all;
    for (const probe::Column& column : probes.columns()) all.push_back(column.name);
    return all;
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
  EXPECT_THAT(probes.begin_trial(TrialKind::measuring, target_, "before trial 2"), IsEmpty());
  EXPECT_EQ(probes.columns().size(), columns);
  EXPECT_EQ(read(probes, "swapdev.reads"), 7);
  EXPECT_EQ(read(probes, "zram.stored"), 7);
}

TEST_F(ProbeSetTest, WhatGoesBetweenTrialsLeavesTheNextOneItsSums) {
  ProbeSet probes(plan_, definition_, target_);
  put_device("zram0", "");
  put_swaps({"zram3"});
  EXPECT_THAT(
      probes.begin_trial(TrialKind::measuring, target_, "before trial 2"),
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

TEST_F(ProbeSetTest, WhatDisturbsIsOpenedByTheFirstTrialThatExplains) {
  plan_.disturbing_probes = {"zram"};
  ProbeSet probes(plan_, definition_, target_);
  const std::vector<std::string> before = names(probes);
  EXPECT_THAT(before, testing::IsSupersetOf({"zram.stored", "swapdev.reads", "workload.operations"}));
  EXPECT_THAT(probes.for_explaining(), ElementsAre("zram"));
  probes.begin_trial(TrialKind::measuring, target_, "before trial 2");
  EXPECT_TRUE(std::isnan(read(probes, "zram.stored"))) << "no trial that measures carries it";
  EXPECT_EQ(read(probes, "swapdev.reads"), 14);
  EXPECT_EQ(probes.readings().size(), 1u);
  for (int trial = 3; trial < 5; ++trial) {
    probes.begin_trial(TrialKind::explaining, target_, "before trial 3");
    EXPECT_EQ(read(probes, "zram.stored"), 14);
    EXPECT_EQ(probes.readings().size(), 2u);
    EXPECT_THAT(probes.for_explaining(), IsEmpty());
    EXPECT_EQ(names(probes), before) << "the columns are those of the run";
  }
}

TEST_F(ProbeSetTest, WhatCannotBeOpenedWhenItIsToExplainIsAbsent) {
  plan_.disturbing_probes = {"zram"};
  ProbeSet probes(plan_, definition_, target_);
  put_swaps({});
  probes.begin_trial(TrialKind::explaining, target_, "before trial 2");
  EXPECT_TRUE(std::isnan(read(probes, "zram.stored")));
  ASSERT_EQ(probes.absent().size(), 1u);
  EXPECT_EQ(probes.absent()[0].name, "zram");
  EXPECT_THAT(probes.for_explaining(), IsEmpty());
  probes.begin_trial(TrialKind::explaining, target_, "before trial 3");
  EXPECT_EQ(probes.absent().size(), 1u) << "told once";
}

TEST_F(ProbeSetTest, InterruptsAreTheLastToBeThinned) {
  plan_.probes = {"interrupts", "swapdev", "zram"};
  put("proc/interrupts", "           CPU0       CPU1\nTLB:          7          8   TLB shootdowns\n");
  const auto every = [&](double budget) {
    plan_.sample_budget = budget;
    const ProbeSet probes(plan_, definition_, target_);
    std::map<std::string, int> all;
    for (const ProbeReading& reading : probes.readings()) all[reading.name] = reading.every;
    return all;
  };
  for (const auto& [probe, samples] : every(1)) EXPECT_EQ(samples, 1) << probe;
  for (const auto& [probe, samples] : every(1e-12)) EXPECT_EQ(samples, 0) << probe << ": at edges only";
  // What one read takes, and a little: all others are thinned as far as they can be before the interrupts
  // are.
  for (int halvings = 0; halvings < 17; ++halvings) {
    const double budget = std::ldexp(1e-3, -halvings);
    const auto samples = every(budget);
    if (samples.at("interrupts") != 1) {
      EXPECT_EQ(samples.at("swapdev") + samples.at("zram"), 0) << budget;
    }
  }
}

TEST_F(ProbeSetTest, ExplainAllIsCarriedByAllAndNoneByNone) {
  plan_.disturbing_probes = {"zram"};
  plan_.explain = Explain::all;
  ProbeSet all(plan_, definition_, target_);
  EXPECT_EQ(read(all, "zram.stored"), 14);
  EXPECT_THAT(all.for_explaining(), IsEmpty());
  plan_.explain = Explain::none;
  const ProbeSet none(plan_, definition_, target_);
  EXPECT_THAT(names(none), testing::Not(testing::Contains("zram.stored")));
  EXPECT_THAT(none.for_explaining(), IsEmpty());
}

}  // namespace
}  // namespace tlbstorm::trial
