// SPDX-License-Identifier: Apache-2.0
#include "benches/sharers.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tlbstorm::benches {
namespace {

using Cpus = std::vector<int>;

/// Two sockets of two cores of two threads: 0-3 first threads, 4-7 siblings.
machine::Topology two_sockets() {
  machine::Topology topology;
  for (int id = 0; id < 8; ++id) topology.cpus.push_back({id, id % 2, id % 4 / 2, id % 4 / 2});
  return topology;
}

machine::Topology one_core(int threads) {
  machine::Topology topology;
  for (int id = 0; id < threads; ++id) topology.cpus.push_back({id, 0, 0, 0});
  return topology;
}

TEST(CpusOfSharers, AreTheNextOnesUnlessPlacedElsewhere) {
  EXPECT_EQ(cpus_of(two_sockets(), "compact", 0), Cpus{0});
  EXPECT_EQ(cpus_of(two_sockets(), "compact", 3), (Cpus{0, 1, 4, 5}));
  EXPECT_EQ(cpus_of(two_sockets(), "same-core", 1), (Cpus{0, 4}));
  EXPECT_EQ(cpus_of(two_sockets(), "other-socket", 1), (Cpus{0, 2}));
  EXPECT_EQ(cpus_of(two_sockets(), "other-socket", 3), (Cpus{0, 2, 3, 6}));
}

TEST(CpusOfSharers, AreNoneWhereTheMachineHasNoneThere) {
  EXPECT_EQ(cpus_of(two_sockets(), "compact", 8), Cpus{});
  EXPECT_EQ(cpus_of(two_sockets(), "same-core", 2), Cpus{}) << "a core has one other thread";
  EXPECT_EQ(cpus_of(two_sockets(), "other-socket", 5), Cpus{}) << "a socket has four";
  EXPECT_EQ(cpus_of(one_core(2), "other-socket", 1), Cpus{});
  EXPECT_EQ(cpus_of(one_core(2), "same-core", 1), (Cpus{0, 1}));
  EXPECT_EQ(cpus_of(one_core(1), "same-core", 1), Cpus{});
}

TEST(Sharers, RunUntilTheyAreDestroyedAndLeaveTheCallerAsItWas) {
  cpu_set_t before{}, after{};
  ::sched_getaffinity(0, sizeof before, &before);
  std::array<std::byte, 8192> watched{};
  {
    const int cpu = machine::allowed_cpus().front();
    const std::array cpus{cpu, cpu};  // they take turns
    Sharers sharers(cpus, watched);
    EXPECT_EQ(sharers.count(), 1u);
    EXPECT_EQ(::sched_getcpu(), cpu);
    sharers.wait_until_all_run();
    EXPECT_LE(sharers.on_cpu(), 1.0);
    EXPECT_GE(sharers.away(), os::Nanoseconds{0});
  }
  ::sched_getaffinity(0, sizeof after, &after);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(Sharers, NobodyIsNeverAway) {
  const std::array cpus{machine::allowed_cpus().front()};
  Sharers nobody(cpus);
  nobody.wait_until_all_run();
  EXPECT_EQ(nobody.count(), 0u);
  EXPECT_EQ(nobody.away(), os::Nanoseconds{0});
}

}  // namespace
}  // namespace tlbstorm::benches
