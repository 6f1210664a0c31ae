// SPDX-License-Identifier: Apache-2.0
// Probes of the kernel's own threads and of NUMA nodes, on texts of machines with two nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "harness/os/mapping.hpp"
#include "tests/probe/allocations.hpp"
#include "tests/probe/opened.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class NodeProbes : public ::testing::Test {
 protected:
  NodeProbes() {
    target_.proc = folder_.path() / "proc";
    target_.sys = folder_.path() / "sys";
    fs::create_directories(target_.proc);
  }
  void put(const std::string& file, const std::string& text) const {
    const fs::path path = folder_.path() / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void put_thread(int pid, const std::string& comm, const std::string& schedstat, int slept,
                  int put_off) const {
    const std::string folder = "proc/" + std::to_string(pid);
    put(folder + "/comm", comm + "\n");
    put(folder + "/schedstat", schedstat + "\n");
    put(folder + "/status", "Name:\t" + comm + "\nState:\tS (sleeping)\nCpus_allowed_list:\t0-27\n" +
                                "voluntary_ctxt_switches:\t" + std::to_string(slept) +
                                "\nnonvoluntary_ctxt_switches:\t" + std::to_string(put_off) + "\n");
  }
  const test::TemporaryFolder folder_;
  Target target_;
};

TEST_F(NodeProbes, EveryKswapdIsCountedAndSummed) {
  put_thread(312, "kswapd1", "4000000000 77 9", 30, 4);
  put_thread(311, "kswapd0", "1500000000 56235 3", 20, 1);
  put_thread(313, "kswapper", "1 1 1", 1, 1);
  put_thread(999, "kswapd", "1 1 1", 1, 1);
  put_thread(998, "kswapd0", "1 1 1", 1, 1);  // a program that calls itself so
  put("proc/998/cmdline", "./miner");
  const auto all = values(open("kswapd", target_));
  EXPECT_DOUBLE_EQ(all.at("kswapd.cpu"), 5.5);
  EXPECT_DOUBLE_EQ(all.at("kswapd.kswapd0_cpu"), 1.5);
  EXPECT_DOUBLE_EQ(all.at("kswapd.kswapd1_cpu"), 4.0);
  EXPECT_EQ(all.at("kswapd.slept"), 50);
  EXPECT_EQ(all.at("kswapd.put_off"), 5);
  EXPECT_EQ(all.size(), 5u);
}

TEST_F(NodeProbes, WithoutKswapdThatIsSaid) {
  EXPECT_THAT(reason(open("kswapd", target_)), HasSubstr("no kswapd is to be seen"));
}

/// Of a two-node Xeon; the zones of a node add up.
constexpr const char* kBuddyinfo =
    "Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      3 \n"
    "Node 0, zone   Normal    100     10      0      0      0      0      0      0      0      5      7 \n"
    "Node 1, zone   Normal      8      0      0      0      0      0      0      0      0      0      0 \n";

TEST_F(NodeProbes, FreeBlocksAreSummedOverZonesWithTheUnusableShare) {
  put("proc/buddyinfo", kBuddyinfo);
  const auto all = values(open("buddyinfo", target_));
  EXPECT_EQ(all.size(), 24u);
  EXPECT_EQ(all.at("buddyinfo.node0_order0"), 100);
  EXPECT_EQ(all.at("buddyinfo.node0_order9"), 6);
  EXPECT_EQ(all.at("buddyinfo.node0_order10"), 10);
  // Too small for 2 MiB: 100 + 10 * 2 + 1 * 256 pages, beside 6 * 512 + 10 * 1024.
  EXPECT_DOUBLE_EQ(all.at("buddyinfo.node0_unusable_huge"), 376.0 / (376 + 3072 + 10240));
  EXPECT_EQ(all.at("buddyinfo.node1_unusable_huge"), 1) << "none of it will do";
}

/// Huge pages are 2 MiB where a page is 4 KiB, and 512 MiB where it is 64 KiB.
TEST_F(NodeProbes, HowLargeAHugePageIsIsTheKernelsToSay) {
  put("proc/buddyinfo", kBuddyinfo);
  const auto pages = [&](std::uint64_t count) {
    put("sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
        std::to_string(count * os::page_size().count) + "\n");
    return values(open("buddyinfo", target_)).at("buddyinfo.node0_unusable_huge");
  };
  EXPECT_DOUBLE_EQ(pages(512), 376.0 / (376 + 3072 + 10240));
  EXPECT_DOUBLE_EQ(pages(1024), (376 + 3072.0) / (376 + 3072 + 10240));
  EXPECT_EQ(pages(8192), 1) << "the allocator has no block of that size";
}

TEST_F(NodeProbes, NodeWithoutFreePagesHasNoIndex) {
  put("proc/buddyinfo",
      "Node 0, zone   Normal      0      0      0      0      0      0      0      0      0      0      0 "
      "\n");
  EXPECT_TRUE(std::isnan(values(open("buddyinfo", target_)).at("buddyinfo.node0_unusable_huge")));
}

TEST_F(NodeProbes, UnreadableBuddyinfoIsAbsent) {
  EXPECT_THAT(reason(open("buddyinfo", target_)), HasSubstr("can't be read"));
}

TEST_F(NodeProbes, EveryNodesNumastatIsRead) {
  const std::string nodes = "sys/devices/system/node/";
  put(nodes + "node0/numastat",
      "numa_hit 100\nnuma_miss 1\nnuma_foreign 2\ninterleave_hit 3\nlocal_node 90\nother_node 11\n");
  put(nodes + "node1/numastat",
      "numa_hit 200\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 200\nother_node 0\n");
  put(nodes + "online", "0-1\n");
  const auto all = values(open("numa", target_));
  EXPECT_EQ(all.size(), 12u);
  EXPECT_EQ(all.at("numa.node0_other_node"), 11);
  EXPECT_EQ(all.at("numa.node1_numa_hit"), 200);
}

TEST_F(NodeProbes, NodeThatGoesIsAbsentAndNotEmpty) {
  put("proc/buddyinfo", kBuddyinfo);
  put("sys/devices/system/node/node0/numastat", "numa_hit 100\n");
  put("sys/devices/system/node/node1/numastat", "numa_hit 200\n");
  put_thread(311, "kswapd0", "1000000000 1 1", 20, 1);
  put_thread(312, "kswapd1", "2000000000 1 1", 30, 2);
  Opened buddyinfo = open("buddyinfo", target_), numa = open("numa", target_),
         kswapd = open("kswapd", target_);
  put("proc/buddyinfo", std::string(kBuddyinfo).substr(0, std::string(kBuddyinfo).find("Node 1")));
  put("sys/devices/system/node/node1/numastat", "");
  put("proc/312/schedstat", "");
  put("proc/312/status", "");
  EXPECT_EQ(read(buddyinfo).at("buddyinfo.node0_order9"), 6);
  EXPECT_TRUE(std::isnan(read(buddyinfo).at("buddyinfo.node1_order0"))) << "it has no memory at all";
  EXPECT_EQ(read(numa).at("numa.node0_numa_hit"), 100);
  EXPECT_TRUE(std::isnan(read(numa).at("numa.node1_numa_hit")));
  EXPECT_TRUE(std::isnan(read(kswapd).at("kswapd.cpu")));
  for (Opened* const opened : {&buddyinfo, &numa, &kswapd}) {
    auto& probe = *std::get<std::unique_ptr<Probe>>(*opened);
    EXPECT_FALSE(probe.parts()[0].gone);
    EXPECT_TRUE(probe.parts()[1].gone) << probe.parts()[1].name;
    probe.begin_trial(target_);
  }
  EXPECT_DOUBLE_EQ(read(kswapd).at("kswapd.cpu"), 1.0) << "of what is left";
  EXPECT_TRUE(std::isnan(read(kswapd).at("kswapd.kswapd1_cpu")));
}

TEST_F(NodeProbes, ReadingAllocatesNothing) {
  put_thread(311, "kswapd0", "1500000000 56235 3", 20, 1);
  put("proc/buddyinfo", kBuddyinfo);
  put("sys/devices/system/node/node0/numastat", "numa_hit 100\nnuma_miss 1\n");
  for (const char* const name : {"kswapd", "buddyinfo", "numa"}) {
    Opened opened = open(name, target_);
    auto& probe = std::get<std::unique_ptr<Probe>>(opened);
    std::vector<double> row(probe->columns().size());
    const auto before = test::allocations();
    probe->read(row);
    EXPECT_EQ(test::allocations(), before) << name;
  }
}

TEST_F(NodeProbes, MachineWithoutNvmeHasNothingToSample) {
  const Opened opened = open("nvme", target_);
  ASSERT_TRUE(std::holds_alternative<Unavailable>(opened));
  EXPECT_TRUE(std::get<Unavailable>(opened).idle);
}

}  // namespace
}  // namespace tlbstorm::probe
