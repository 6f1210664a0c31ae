// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/placement.hpp"

#include <gtest/gtest.h>

#include "harness/os/error.hpp"

namespace tlbstorm::trial {
namespace {

/// Two sockets (one node each) of two cores of two threads, numbered as Linux does: 0-3 first threads, 4-7
/// siblings.
machine::Topology two_sockets() {
  machine::Topology topology;
  for (int id = 0; id < 8; ++id) {
    topology.cpus.push_back({id, id % 2, id % 4 / 2, id % 4 / 2});
    topology.online.push_back(id);
  }
  return topology;
}

std::string refusal(std::string_view policy) {
  try {
    place(two_sockets(), policy, 2);
  } catch (const os::UsageError& error) {
    return std::string(error.what()) + " / " + error.hint();
  }
  return "";
}

using Cpus = std::vector<int>;

TEST(Placement, CompactFillsOneSocketFirstAndCoresBeforeSiblings) {
  EXPECT_EQ(place(two_sockets(), "compact", 8), (Cpus{0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(Placement, ScatterTakesSocketsInTurn) {
  EXPECT_EQ(place(two_sockets(), "scatter", 8), (Cpus{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(Placement, OneSocketOneNodeOrAList) {
  EXPECT_EQ(place(two_sockets(), "socket:1", 4), (Cpus{2, 3, 6, 7}));
  EXPECT_EQ(place(two_sockets(), "node:0", 2), (Cpus{0, 1}));
  EXPECT_EQ(place(two_sockets(), "cpus:7,1-2", 3), (Cpus{1, 2, 7}));
}

TEST(Placement, MoreWorkersThanCpusGoRound) {
  EXPECT_EQ(place(two_sockets(), "cpus:3,5", 5), (Cpus{3, 5, 3, 5, 3}));
}

TEST(CpusBeside, AreOfCoresWithoutWorkersIfThereAreAny) {
  EXPECT_EQ(cpus_beside(two_sockets(), {0, 1}), (Cpus{2, 3, 6, 7})) << "4 and 5 share cores with workers";
  EXPECT_EQ(cpus_beside(two_sockets(), {0, 1, 2, 3}), (Cpus{4, 5, 6, 7}));
  EXPECT_EQ(cpus_beside(two_sockets(), {0, 1, 2, 3, 4, 5, 6, 7}), Cpus{});
}

TEST(Placement, RefusalsNameWhatThereIs) {
  EXPECT_NE(refusal("socket:2").find("socket 0-1"), std::string::npos);
  EXPECT_NE(refusal("node:9").find("node 0-1"), std::string::npos);
  EXPECT_NE(refusal("cpus:0,8").find("0-7"), std::string::npos);
  EXPECT_NE(refusal("scater").find("scatter"), std::string::npos);
  EXPECT_NE(refusal("socket:x"), "");
}

/// As two_sockets(), of four cores each, and each socket of two nodes: 0-7 first threads, 8-15 siblings.
machine::Topology two_sockets_of_two_nodes() {
  machine::Topology topology;
  for (int id = 0; id < 16; ++id) {
    topology.cpus.push_back({id, id % 4, id % 8 / 4, id % 8 / 2});
    topology.online.push_back(id);
  }
  return topology;
}

TEST(PlacementOnFourNodes, CompactFillsTheCoresOfBothNodesOfASocketBeforeSiblings) {
  EXPECT_EQ(place(two_sockets_of_two_nodes(), "compact", 16),
            (Cpus{0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15}));
}

TEST(PlacementOnFourNodes, ScatterTakesSocketsInTurnAndNodesWithinThem) {
  EXPECT_EQ(place(two_sockets_of_two_nodes(), "scatter", 16),
            (Cpus{0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15}));
}

TEST(PlacementOnFourNodes, SocketAndNodeKeepToTheirOwn) {
  EXPECT_EQ(place(two_sockets_of_two_nodes(), "socket:1", 8), (Cpus{4, 5, 6, 7, 12, 13, 14, 15}));
  EXPECT_EQ(place(two_sockets_of_two_nodes(), "node:3", 4), (Cpus{6, 7, 14, 15}));
}

TEST(Placement, EveryPolicyGoesRoundWithItsOwnCpus) {
  EXPECT_EQ(place(two_sockets(), "compact", 10), (Cpus{0, 1, 4, 5, 2, 3, 6, 7, 0, 1}));
  EXPECT_EQ(place(two_sockets(), "scatter", 10), (Cpus{0, 2, 1, 3, 4, 6, 5, 7, 0, 2}));
  EXPECT_EQ(place(two_sockets(), "node:1", 6), (Cpus{2, 3, 6, 7, 2, 3}));
}

TEST(Placement, UnequalSocketsAreAllUsed) {
  machine::Topology topology;
  topology.cpus = {{0, 0, 0, 0}, {1, 0, 1, 1}, {2, 1, 1, 1}, {3, 2, 1, 1}};
  EXPECT_EQ(place(topology, "scatter", 4), (Cpus{0, 1, 2, 3}));
  topology.cpus.erase(topology.cpus.begin() + 1);
  EXPECT_EQ(place(topology, "scatter", 3), (Cpus{0, 2, 3}));
}

TEST(Placement, NoWorkersNeedNoCpu) { EXPECT_EQ(place(two_sockets(), "compact", 0), Cpus{}); }

TEST(Placement, RefusalsNameOptionAndValue) {
  for (const char* const policy :
       {"socket:2", "socket:", "node:-1", "node:99999999", "cpus:9", "tight", ""}) {
    const std::string said = refusal(policy);
    EXPECT_EQ(said.find(std::string("--placement ") + policy), 0u) << policy << ": " << said;
    EXPECT_EQ(said.find(" / ") + 3 < said.size(), true) << "no remedy for " << policy;
  }
}

TEST(Placement, CpuThatIsNotOursIsNamed) {
  EXPECT_NE(refusal("cpus:3,11").find("CPU 11"), std::string::npos) << refusal("cpus:3,11");
}

}  // namespace
}  // namespace tlbstorm::trial
