// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/topology.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>

#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

class TopologyTest : public ::testing::Test {
 protected:
  void put(const fs::path& path, const std::string& text) const {
    const fs::path file = root_ / "sys/devices/system" / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
  }
  void put_cpu(int id, const char* socket, int core) const {
    const fs::path folder = "cpu/cpu" + std::to_string(id) + "/topology";
    put(folder / "physical_package_id", socket);
    put(folder / "core_id", std::to_string(core));
  }
  const test::TemporaryFolder folder_of_test_;
  const fs::path root_ = folder_of_test_.path();
};

TEST_F(TopologyTest, TwoSocketsWithHyperthreads) {
  put("cpu/online", "0-7");
  for (int id = 0; id < 8; ++id) put_cpu(id, id % 4 < 2 ? "0" : "1", id % 2);
  put("node/node0/cpulist", "0-1,4-5");
  put("node/node1/cpulist", "2-3,6-7");
  const Topology topology = read_topology(root_, std::nullopt);
  EXPECT_EQ(topology.cpus.size(), 8u);
  EXPECT_EQ(topology.sockets(), (std::vector<int>{0, 1}));
  EXPECT_EQ(topology.nodes(), (std::vector<int>{0, 1}));
  EXPECT_EQ(topology.find(6)->socket, 1);
  EXPECT_EQ(topology.find(6)->node, 1);
  EXPECT_EQ(topology.find(5)->core, 1);
  EXPECT_EQ(topology.summary(), "8 CPUs, 2 sockets, 2 NUMA nodes");
}

TEST_F(TopologyTest, NodeWithoutCpusStillHasMemory) {
  put("cpu/online", "0");
  put_cpu(0, "0", 0);
  put("node/node0/cpulist", "0");
  put("node/node2/cpulist", "");
  const Topology topology = read_topology(root_, std::nullopt);
  EXPECT_EQ(topology.nodes(), std::vector<int>{0});
  EXPECT_EQ(topology.memory_nodes, (std::vector<int>{0, 2}));
}

TEST_F(TopologyTest, OfflineAndForbiddenCpusAreLeftOut) {
  put("cpu/online", "0,2-3");
  for (const int id : {0, 2, 3}) put_cpu(id, "0", id);
  const Topology topology = read_topology(root_, std::vector<int>{0, 1, 3});
  EXPECT_EQ(topology.find(1), nullptr);
  EXPECT_EQ(topology.find(2), nullptr);
  EXPECT_EQ(topology.online, (std::vector<int>{0, 2, 3}));
  EXPECT_NE(topology.summary().find("2 of the CPUs allowed"), std::string::npos) << topology.summary();
}

TEST_F(TopologyTest, FirmwareThatTellsNothingIsOneSocketAndOneNode) {
  put("cpu/online", "0-1");
  put_cpu(0, "-1", 0);
  put_cpu(1, "-1", 1);
  const Topology topology = read_topology(root_, std::nullopt);
  EXPECT_EQ(topology.sockets(), std::vector<int>{0});
  EXPECT_EQ(topology.nodes(), std::vector<int>{0});
}

TEST_F(TopologyTest, TwoSocketsOfFourCoresNumberedAsLinuxDoes) {
  put("cpu/online", "0-15");
  for (int id = 0; id < 16; ++id) put_cpu(id, id % 8 < 4 ? "0" : "1", id % 4);
  put("node/node0/cpulist", "0-3,8-11");
  put("node/node1/cpulist", "4-7,12-15");
  const Topology topology = read_topology(root_, std::nullopt);
  ASSERT_EQ(topology.cpus.size(), 16u);
  for (const Cpu& cpu : topology.cpus) {
    EXPECT_EQ(cpu.socket, cpu.id % 8 / 4) << cpu.id;
    EXPECT_EQ(cpu.node, cpu.socket) << cpu.id;
    EXPECT_EQ(cpu.core, cpu.id % 4) << cpu.id;
  }
  EXPECT_EQ(topology.summary(), "16 CPUs, 2 sockets, 2 NUMA nodes");
}

TEST_F(TopologyTest, KernelWithoutNumaHasOneNode) {
  put("cpu/online", "0-3");
  for (int id = 0; id < 4; ++id) put_cpu(id, id < 2 ? "0" : "1", id % 2);
  const Topology topology = read_topology(root_, std::nullopt);
  EXPECT_EQ(topology.nodes(), std::vector<int>{0});
  EXPECT_EQ(topology.sockets(), (std::vector<int>{0, 1}));
}

TEST_F(TopologyTest, NodeWithoutCpusAndOtherFilesOfItsFolderAreNoNodesOfOurs) {
  put("cpu/online", "0-1");
  for (const int id : {0, 1}) put_cpu(id, "0", id);
  put("node/node0/cpulist", "0-1");
  put("node/node1/cpulist", "");
  put("node/has_cpu", "0");
  put("node/nodeless/cpulist", "0-1");
  EXPECT_EQ(read_topology(root_, std::nullopt).nodes(), std::vector<int>{0});
}

TEST_F(TopologyTest, OneCpuIsToldInTheSingular) {
  put("cpu/online", "0");
  put_cpu(0, "0", 0);
  EXPECT_EQ(read_topology(root_, std::nullopt).summary(), "1 CPU, 1 socket, 1 NUMA node");
}

TEST_F(TopologyTest, NoCpuThatWeMayUseIsAnError) {
  put("cpu/online", "0-1");
  for (const int id : {0, 1}) put_cpu(id, "0", id);
  EXPECT_THROW(read_topology(root_, std::vector<int>{7}), os::Error);
}

TEST_F(TopologyTest, NoCpuIsAnErrorThatNamesTheFile) {
  try {
    read_topology(root_, std::nullopt);
    FAIL();
  } catch (const os::Error& error) {
    EXPECT_NE(std::string(error.what()).find("cpu/online"), std::string::npos);
  }
}

TEST(AllowedCpus, AreThoseThatTheAffinityMaskHas) {
  std::vector<int> expected;
  cpu_set_t mask;
  ASSERT_EQ(::sched_getaffinity(0, sizeof mask, &mask), 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &mask)) expected.push_back(cpu);
  EXPECT_EQ(allowed_cpus(), expected);
}

TEST(AllowedCpus, AreOnlineOnThisMachine) {
  const std::vector<int> allowed = allowed_cpus();
  const Topology topology = read_topology("/", allowed);
  EXPECT_EQ(topology.cpus.size(), allowed.size());
  EXPECT_LE(topology.cpus.size(), topology.online.size());
}

}  // namespace
}  // namespace tlbstorm::machine
