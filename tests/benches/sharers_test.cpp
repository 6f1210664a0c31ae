// SPDX-License-Identifier: Apache-2.0
#include "benches/sharers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "harness/os/error.hpp"

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

TEST(CpusOfSharers, MayHaveAnyCaller) {
  machine::Topology topology = two_sockets();
  std::erase_if(topology.cpus,
                [](const machine::Cpu& cpu) { return cpu.id == 4 || cpu.id == 5 || cpu.id == 6; });
  EXPECT_EQ(cpus_of(topology, "same-core", 1), (Cpus{3, 7})) << "0, 1 and 2 are alone on their cores";
}

TEST(CpusOfSharers, AreNoneWhereTheMachineHasNoneThere) {
  EXPECT_EQ(cpus_of(two_sockets(), "compact", 8), Cpus{});
  EXPECT_EQ(cpus_of(two_sockets(), "same-core", 2), Cpus{}) << "a core has one other thread";
  EXPECT_EQ(cpus_of(two_sockets(), "other-socket", 5), Cpus{}) << "a socket has four";
  EXPECT_EQ(cpus_of(one_core(2), "other-socket", 1), Cpus{});
  EXPECT_EQ(cpus_of(one_core(2), "same-core", 1), (Cpus{0, 1}));
  EXPECT_EQ(cpus_of(one_core(1), "same-core", 1), Cpus{});
}

std::size_t own_threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task"), end;
  return static_cast<std::size_t>(std::distance(begin(tasks), end));
}

TEST(Sharers, RunUntilTheyAreDestroyedAndLeaveTheCallerAsItWas) {
  std::thread([] {}).join();  // a sanitizer starts a thread of its own beside the first
  const std::vector<int> before = machine::allowed_cpus();
  const std::size_t threads = own_threads();
  std::array<std::byte, 8192> watched{};
  {
    const std::array cpus{before.front(), before.back(), before.back()};
    Sharers sharers(cpus, watched);
    EXPECT_EQ(sharers.count(), 2u);
    EXPECT_EQ(own_threads(), threads + 2);
    EXPECT_EQ(machine::allowed_cpus(), std::vector{before.front()});
    sharers.wait_until_all_run();
    EXPECT_GT(sharers.on_cpu(), 0);
    EXPECT_GT(sharers.away().value_or(os::Nanoseconds{1}), os::Nanoseconds{0}) << "two share a CPU";
  }
  EXPECT_EQ(own_threads(), threads);
  EXPECT_EQ(machine::allowed_cpus(), before);
}

TEST(Sharers, OnACpuThatIsNotThereAreRefused) {
  const int cpu = machine::allowed_cpus().front();
  EXPECT_THROW(Sharers(std::array{cpu, 100'000}), os::SystemError);
  EXPECT_THROW(Sharers(std::array{100'000}), os::SystemError);
}

TEST(Sharers, NobodyIsNeverAway) {
  Sharers nobody(std::array{machine::allowed_cpus().front()});
  nobody.wait_until_all_run();
  EXPECT_EQ(nobody.count(), 0u);
  EXPECT_EQ(nobody.away(), os::Nanoseconds{0});
}

}  // namespace
}  // namespace tlbstorm::benches
