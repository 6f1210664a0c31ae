// SPDX-License-Identifier: Apache-2.0
// What differs between two sides besides their figures.
#include "harness/compare/environment.hpp"

#include "harness/compare/batches.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EnvironmentTest : public test::MadeRunsTest {
 protected:
  EnvironmentTest() : base_(run_of_ipis(around(1))), next_(base_) {}
  std::vector<Difference> found() const {
    return differences(read_side("base", {put("base", base_)}), read_side("new", {put("new", next_)}));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const Difference& one : found()) all.push_back(one.what);
    return all;
  }
  std::string refusal() const {
    return complaint([&] { refuse_unlike(found()); });
  }
  MadeRun base_, next_;
};

TEST_F(EnvironmentTest, RunsAlikeDifferInNothing) {
  next_.manifest["plan"]["seed"] = 77;
  next_.manifest["plan"]["output"] = "elsewhere";
  next_.manifest["plan"]["label"] = "second";
  next_.manifest["started"] = "2027-01-01T00:00:00Z";
  EXPECT_THAT(names(), ElementsAre());
}

TEST_F(EnvironmentTest, WordsThatOnlySayWhichBootItWasAreNoSettings) {
  base_.manifest["machine"]["cmdline"] = "BOOT_IMAGE=/vmlinuz-6.1 quiet tlbstorm.ab=base-001";
  next_.manifest["machine"]["cmdline"] = "BOOT_IMAGE=/vmlinuz-6.2 quiet tlbstorm.ab=new-001";
  EXPECT_THAT(names(), ElementsAre());
  next_.manifest["machine"]["cmdline"] = "BOOT_IMAGE=/vmlinuz-6.2 quiet mitigations=off";
  EXPECT_THAT(names(), ElementsAre("cmdline"));
}

TEST_F(EnvironmentTest, WhatMayBeTheCauseIsListed) {
  next_.manifest["machine"]["kernel_release"] = "6.19.0";
  next_.manifest["machine"]["cmdline"] = "quiet mitigations=off";
  next_.manifest["machine"]["thp"] = "always";
  next_.manifest["machine"]["microcode"] = "0x2";
  next_.manifest["tool"]["version"] = "0.2.0";
  next_.manifest["plan"]["settings"] = {{"vm.swappiness", "100"}};
  next_.manifest["plan"]["swap"] = {"zram:1G"};
  next_.manifest["plan"]["probes"] = {"interrupts"};
  EXPECT_THAT(names(), ::testing::UnorderedElementsAre("kernel_release", "cmdline", "thp", "microcode",
                                                       "tool_version", "vm.swappiness", "swap", "probes"));
  EXPECT_EQ(refusal(), "");
  for (const Difference& one : found())
    if (one.what == "vm.swappiness") {
      EXPECT_EQ(one.base, "not recorded");
      EXPECT_EQ(one.next, "100");
    }
}

TEST_F(EnvironmentTest, OtherWorkAndOtherMachinesAreRefusedAndComeFirst) {
  next_.manifest["machine"]["kernel_release"] = "6.19.0";
  next_.manifest["plan"]["parameters"]["region"] = "8M";
  next_.manifest["machine"]["cpu_model"] = "Xeon";
  EXPECT_THAT(names(), ElementsAre("parameters.region", "cpu_model", "kernel_release"));
  EXPECT_EQ(refusal(),
            "these runs are not of the same work on the same machine: parameters.region (4M / 8M), cpu_model "
            "(AMD EPYC / Xeon)\n--force compares them all the same");
}

TEST_F(EnvironmentTest, EachOfTheseForbids) {
  for (const auto& [key, other] :
       {std::pair{"workload", "other"}, {"mode", "processes"}, {"placement", "other"}}) {
    const MadeRun before = next_;
    next_.manifest["plan"][key] = other;
    EXPECT_THAT(refusal(), HasSubstr(key));
    next_ = before;
  }
  next_.manifest["plan"]["workers"] = 3;
  next_.manifest["plan"]["memory_limit_bytes"] = 1048576;
  next_.manifest["topology"] = "4 CPUs";
  for (const char* const text : {"workers (2 / 3)", "memory (none / 1 MiB)", "topology"})
    EXPECT_THAT(refusal(), HasSubstr(text));
}

TEST_F(EnvironmentTest, WhereItsFilesWereIsNotWhatWasDone) {
  base_.manifest["plan"]["parameters"]["folder"] = "/home/a";
  next_.manifest["plan"]["parameters"]["folder"] = "/home/b";
  EXPECT_THAT(names(), ElementsAre("parameters.folder"));
  EXPECT_EQ(refusal(), "");
}

TEST_F(EnvironmentTest, SideWhoseRunsDifferShowsAllOfTheirValues) {
  MadeRun other = next_;
  other.manifest["machine"]["kernel_release"] = "6.19.0";
  const auto found = differences(read_side("base", {put("base", base_)}),
                                 read_side("new", {put("new", next_), put("other", other)}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].base, "6.18.1");
  EXPECT_EQ(found[0].next, "6.18.1 | 6.19.0");
}

TEST_F(EnvironmentTest, ManifestWithoutAMachineIsCompared) {
  next_.manifest.erase("machine");
  next_.manifest.erase("flush");
  next_.manifest.erase("topology");
  next_.manifest.erase("tool");
  EXPECT_THAT(refusal(), HasSubstr("cpu_model (AMD EPYC / not recorded)"));
}

}  // namespace
}  // namespace tlbstorm::compare
