// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "tests/temporary_folder.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

std::map<std::string, std::string> by_key(const std::vector<Fact>& facts) {
  std::map<std::string, std::string> found;
  for (const Fact& fact : facts) found[fact.key] = fact.value;
  return found;
}

class FactsTest : public ::testing::Test {
 protected:
  void put(const fs::path& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::map<std::string, std::string> facts(const Machine& machine = {}) const {
    return by_key(collect_facts(root_, machine));
  }
  const test::TemporaryFolder folder_of_test_;
  const fs::path root_ = folder_of_test_.path();
};

TEST(Chosen, IsTheBracketedWord) {
  EXPECT_EQ(chosen("[always] madvise never\n"), "always");
  EXPECT_EQ(chosen("always madvise [never]"), "never");
}

TEST(Chosen, IsTheWholeTextWithoutAPairOfBrackets) {
  EXPECT_EQ(chosen(" 60\n"), "60");
  EXPECT_EQ(chosen("[always madvise"), "[always madvise");
  EXPECT_EQ(chosen("] always"), "] always");
  EXPECT_EQ(chosen(""), "");
}

TEST_F(FactsTest, FilesThatAreMissingOrEmptyGiveNoFact) {
  put("proc/sys/vm/swappiness", "60\n");
  put("proc/sys/vm/page-cluster", "\n");
  const auto found = facts();
  EXPECT_THAT(found, Contains(Pair("swappiness", "60")));
  for (const char* const key : {"page_cluster", "thp", "cpu_model", "cpu_flags", "mitigations", "hypervisor"})
    EXPECT_THAT(found, Not(Contains(Key(key))));
}

TEST_F(FactsTest, TransparentHugePagesAreReducedToTheChoice) {
  put("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  put("sys/kernel/mm/transparent_hugepage/defrag", "always defer [defer+madvise] madvise never\n");
  const auto found = facts();
  EXPECT_THAT(found, Contains(Pair("thp", "madvise")));
  EXPECT_THAT(found, Contains(Pair("thp_defrag", "defer+madvise")));
}

TEST_F(FactsTest, KernelCommandLineKeepsItsBrackets) {
  put("proc/cmdline", "root=/dev/vda opt=[a] quiet\n");
  EXPECT_THAT(facts(), Contains(Pair("cmdline", "root=/dev/vda opt=[a] quiet")));
}

TEST_F(FactsTest, ProcessorIsTheFirstOneOfCpuinfo) {
  fs::create_directories(root_ / "proc");
  fs::copy_file(fs::path(TLBSTORM_FIXTURES) / "machine/cpuinfo-intel-xeon", root_ / "proc/cpuinfo");
  const auto found = facts();
  EXPECT_THAT(found, Contains(Pair("cpu_model", "Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz")));
  EXPECT_THAT(found, Contains(Pair("microcode", "0xd0003d1")));
  EXPECT_THAT(found, Contains(Pair("cpu_flags", "pcid invpcid")));
}

TEST_F(FactsTest, MitigationsAreSortedWithoutThoseThatDoNotConcernTheProcessor) {
  const fs::path folder = "sys/devices/system/cpu/vulnerabilities";
  put(folder / "spectre_v2", "Mitigation: Retpolines; IBPB: conditional\n");
  put(folder / "meltdown", "Mitigation: PTI\n");
  put(folder / "l1tf", "Not affected\n");
  EXPECT_THAT(facts(), Contains(Pair("mitigations",
                                     "meltdown: Mitigation: PTI; spectre_v2: Mitigation: "
                                     "Retpolines; IBPB: conditional")));
}

TEST_F(FactsTest, WhatIsKnownOfTheMachineIsTold) {
  Machine machine;
  machine.topology.online = {0, 1, 2, 5};
  machine.flush.text = "by IPI";
  machine.flush.hypervisor = "KVM";
  machine.memory = os::Bytes{std::uint64_t{8} << 30};
  machine.swaps = {{"/dev/zram0", "partition", os::Bytes{1 << 30}, {}, 100},
                   {"/swap", "file", os::Bytes{512 << 20}, {}, -2}};
  machine.cgroup.version = CgroupVersion::v2;
  const auto found = facts(machine);
  EXPECT_THAT(found, AllOf(Contains(Pair("cpus_online", "0-2,5")), Contains(Pair("flush_method", "by IPI")),
                           Contains(Pair("hypervisor", "KVM")), Contains(Pair("memory_total", "8 GiB")),
                           Contains(Pair("cgroup", "v2"))));
  EXPECT_THAT(found, Contains(Pair("swaps", "/dev/zram0 1 GiB priority 100; /swap 512 MiB priority -2")));
}

TEST_F(FactsTest, NoSwapIsAFactToo) { EXPECT_THAT(facts(), Contains(Pair("swaps", "none"))); }

/// libpfm4 goes by the CPU's model, also where the hypervisor gives no counters of it.
TEST(Inspect, NamesNoPmuThatCountsNothing) {
  const Machine machine = inspect();
  const auto pmu = std::find_if(machine.facts.begin(), machine.facts.end(),
                                [](const Fact& fact) { return fact.key == "pmu"; });
  ASSERT_NE(pmu, machine.facts.end());
  bool kernel_has_one = false;  // "cpu", "cpu_core", "armv8_pmuv3_0"
  for (const auto& entry : std::filesystem::directory_iterator("/sys/bus/event_source/devices")) {
    const std::string name = entry.path().filename();
    kernel_has_one |= name.starts_with("cpu") || name.starts_with("arm");
  }
  if (!kernel_has_one) {
    EXPECT_EQ(pmu->value, "none");
  }
}

TEST(Inspect, KnowsThisMachineAndEveryFactOnce) {
  const Machine machine = inspect();
  EXPECT_FALSE(machine.topology.cpus.empty());
  EXPECT_GT(machine.memory.count, 0u);
  EXPECT_LE(machine.available, machine.memory);
  std::set<std::string> keys;
  for (const Fact& fact : machine.facts) {
    EXPECT_TRUE(keys.insert(fact.key).second) << fact.key << " is there twice";
    EXPECT_NE(fact.value, "") << fact.key;
    EXPECT_EQ(fact.value.find('\n'), std::string::npos) << fact.key;
  }
  EXPECT_TRUE(keys.contains("kernel_release"));
}

}  // namespace
}  // namespace tlbstorm::machine
