// SPDX-License-Identifier: Apache-2.0
#include "benches/sharers.hpp"

#include "harness/machine/topology.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/process.hpp"
#include "harness/trial/placement.hpp"

namespace tlbstorm::benches {
namespace {

machine::Topology this_machine() { return machine::read_topology("/", machine::allowed_cpus()); }

}  // namespace

Sharers::Sharers(int count, std::string_view placement, std::span<const std::byte> watched) {
  const std::vector<int> cpus = trial::place(this_machine(), placement, count + 1);
  ::sched_getaffinity(0, sizeof before_, &before_);
  os::pin_to_cpu(cpus.front());
  for (int i = 1; i <= count; ++i)
    threads_.emplace_back([this, watched, cpu = cpus[static_cast<std::size_t>(i)]] {
      os::pin_to_cpu(cpu);
      alignas(64) const std::byte own{};
      const std::span<const std::byte> memory = watched.empty() ? std::span(&own, 1) : watched;
      const std::size_t step = os::page_size().count;
      running_.fetch_add(1);
      while (!stop_.load(std::memory_order_relaxed))
        for (std::size_t at = 0; at < memory.size(); at += step)
          static_cast<void>(*static_cast<const volatile std::byte*>(memory.data() + at));
    });
  while (running_.load() < count) std::this_thread::yield();
}

Sharers::~Sharers() {
  stop_.store(true);
  threads_.clear();
  ::sched_setaffinity(0, sizeof before_, &before_);
}

bool Sharers::fit(int count) { return count < static_cast<int>(this_machine().cpus.size()); }

}  // namespace tlbstorm::benches
