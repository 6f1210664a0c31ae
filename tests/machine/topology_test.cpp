// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/topology.hpp"

#include <gtest/gtest.h>
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

TEST_F(TopologyTest, NoCpuIsAnErrorThatNamesTheFile) {
  try {
    read_topology(root_, std::nullopt);
    FAIL();
  } catch (const os::Error& error) {
    EXPECT_NE(std::string(error.what()).find("cpu/online"), std::string::npos);
  }
}

TEST(AllowedCpus, AreSomeOfThisMachine) { EXPECT_FALSE(allowed_cpus().empty()); }

}  // namespace
}  // namespace tlbstorm::machine
