// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/placement.hpp"

#include <gtest/gtest.h>

#include "harness/os/error.hpp"
#include "harness/trial/mempolicy.hpp"

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

TEST(Placement, RefusalsNameWhatThereIs) {
  EXPECT_NE(refusal("socket:2").find("socket 0-1"), std::string::npos);
  EXPECT_NE(refusal("node:9").find("node 0-1"), std::string::npos);
  EXPECT_NE(refusal("cpus:0,8").find("0-7"), std::string::npos);
  EXPECT_NE(refusal("scater").find("scatter"), std::string::npos);
  EXPECT_NE(refusal("socket:x"), "");
}

TEST(MemPolicy, IsCheckedAgainstTheNodes) {
  EXPECT_EQ(MemPolicy("local", two_sockets()).text(), "local");
  EXPECT_EQ(MemPolicy("interleave", two_sockets()).text(), "interleave");
  EXPECT_EQ(MemPolicy("bind:0-1", two_sockets()).text(), "bind:0-1");
  EXPECT_THROW(MemPolicy("bind:2", two_sockets()), os::UsageError);
  EXPECT_THROW(MemPolicy("nearby", two_sockets()), os::UsageError);
}

}  // namespace
}  // namespace tlbstorm::trial
