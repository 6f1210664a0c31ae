// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/mempolicy.hpp"

#include <gtest/gtest.h>
#include <numa.h>
#include <numaif.h>

#include "harness/os/error.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::trial {
namespace {

/// One CPU on each of the nodes 0, 1 and 4.
machine::Topology three_nodes() {
  machine::Topology topology;
  topology.cpus = {{0, 0, 0, 0}, {1, 0, 1, 1}, {2, 0, 2, 4}};
  topology.online = {0, 1, 2};
  return topology;
}

machine::Topology this_machine() { return machine::read_topology("/", machine::allowed_cpus()); }

std::string refusal(std::string_view text) {
  try {
    MemPolicy(text, three_nodes());
  } catch (const os::UsageError& error) {
    return std::string(error.what()) + " / " + error.hint();
  }
  return "";
}

/// The kernel's policy of a thread that applied ours, asked in a child so that this process keeps its own.
int kernel_mode(const MemPolicy& policy) {
  return os::Child::fork(false,
                         [&] {
                           policy.apply();
                           int mode = -1;
                           return ::get_mempolicy(&mode, nullptr, 0, nullptr, 0) == 0 ? mode : 99;
                         })
      .wait()
      .code;
}

TEST(MemPolicy, TextIsWhatWasGiven) {
  EXPECT_EQ(MemPolicy().text(), "local");
  for (const char* const text : {"local", "interleave", "bind:0", "bind:0-1,4"})
    EXPECT_EQ(MemPolicy(text, three_nodes()).text(), text);
  EXPECT_EQ(MemPolicy("bind:4,1,0", three_nodes()).text(), "bind:0-1,4");
}

TEST(MemPolicy, AbsentNodeIsNamedAndSoAreThoseThatThereAre) {
  EXPECT_EQ(refusal("bind:1-2"), "--mempolicy bind:1-2: there is no node 2 / this machine has node 0-1,4");
}

TEST(MemPolicy, WrongTextNamesTheOptionAndTheChoices) {
  EXPECT_EQ(refusal(""), "--mempolicy '': not a memory policy / give local, interleave or bind:NODES");
  for (const char* const text : {"nearby", "bind", "Local", "interleave:0"})
    EXPECT_EQ(refusal(text), std::string("--mempolicy ") + text +
                                 ": not a memory policy / give local, interleave or bind:NODES");
}

TEST(MemPolicy, NodesThatAreNoListAreRefused) {
  for (const char* const text : {"bind:", "bind:x", "bind:1-0", "bind:-1"})
    EXPECT_EQ(refusal(text).find("--mempolicy "), 0u) << text << ": " << refusal(text);
}

TEST(MemPolicy, IsInForceOnceApplied) {
  if (::numa_available() < 0) GTEST_SKIP() << "this kernel has no NUMA";
  const machine::Topology topology = this_machine();
  const std::string node = "bind:" + std::to_string(topology.nodes().front());
  EXPECT_EQ(kernel_mode(MemPolicy("interleave", topology)), MPOL_INTERLEAVE);
  EXPECT_EQ(kernel_mode(MemPolicy(node, topology)), MPOL_BIND);
  const int local = kernel_mode(MemPolicy("local", topology));
  EXPECT_TRUE(local == MPOL_DEFAULT || local == MPOL_LOCAL || local == MPOL_PREFERRED) << local;
}

TEST(MemPolicy, KernelWithoutNumaRefusesAllButLocal) {
  if (::numa_available() >= 0) GTEST_SKIP() << "this kernel has NUMA";
  EXPECT_NO_THROW(MemPolicy("local", three_nodes()).apply());
  EXPECT_THROW(MemPolicy("interleave", three_nodes()).apply(), os::Error);
  EXPECT_THROW(MemPolicy("bind:0", three_nodes()).apply(), os::Error);
}

}  // namespace
}  // namespace tlbstorm::trial
