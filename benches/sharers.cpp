// SPDX-License-Identifier: Apache-2.0
#include "benches/sharers.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>

#include "harness/os/mapping.hpp"
#include "harness/os/process.hpp"
#include "harness/trial/placement.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;
using machine::Cpu;
using machine::Topology;

constexpr int kAhead = -20;
/// Longer than most interrupts, shorter than another program's turn on the CPU.
constexpr os::Nanoseconds kAbsence = 200us;

/// How often the calling thread had to give its CPU to another one.
long turns_lost() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

std::vector<int> on_same_core(const Topology& topology, const Cpu& caller) {
  for (const Cpu& cpu : topology.cpus)
    if (cpu.id != caller.id && cpu.socket == caller.socket && cpu.core == caller.core) return {cpu.id};
  return {};
}

std::vector<int> on_other_socket(const Topology& topology, const Cpu& caller, std::size_t sharers) {
  for (const int socket : topology.sockets()) {
    const auto cpus = std::count_if(topology.cpus.begin(), topology.cpus.end(),
                                    [&](const Cpu& cpu) { return cpu.socket == socket; });
    if (socket != caller.socket && static_cast<std::size_t>(cpus) >= sharers)
      return trial::place(topology, fmt::format("socket:{}", socket), static_cast<int>(sharers));
  }
  return {};
}

}  // namespace

std::vector<int> cpus_of(const Topology& topology, std::string_view placement, std::size_t sharers) {
  if (sharers >= topology.cpus.size()) return {};
  const std::vector<int> compact = trial::place(topology, "compact", static_cast<int>(sharers) + 1);
  if (placement == "compact") return compact;
  const Cpu& caller = *topology.find(compact.front());
  std::vector<int> others =
      placement == "same-core" ? on_same_core(topology, caller) : on_other_socket(topology, caller, sharers);
  if (others.size() != sharers) return {};
  others.insert(others.begin(), caller.id);
  return others;
}

// Nice values are a thread's own on Linux: setpriority(2), "C library/kernel differences".
Pinned::Pinned(int cpu) : nice_before_(::getpriority(PRIO_PROCESS, 0)) {
  ::sched_getaffinity(0, sizeof before_, &before_);
  os::pin_to_cpu(cpu);
  ::setpriority(PRIO_PROCESS, 0, kAhead);
}

Pinned::~Pinned() {
  ::setpriority(PRIO_PROCESS, 0, nice_before_);
  ::sched_setaffinity(0, sizeof before_, &before_);
}

Sharers::Sharers(std::span<const int> cpus, std::span<const std::byte> watched)
    : pinned_(cpus.front()), beats_(cpus.size() - 1), seen_(cpus.size() - 1) {
  for (std::size_t i = 0; i < beats_.size(); ++i)
    threads_.emplace_back(
        [this, cpu = cpus[i + 1], watched, &beat = beats_[i]] { share(cpu, watched, beat); });
  wait_until_all_run();
  began_ = os::now();
  cpu_time_before_ = cpu_time();
}

Sharers::~Sharers() {
  stop_.store(true);
  threads_.clear();
}

void Sharers::share(int cpu, std::span<const std::byte> watched, Beat& beat) const {
  const Pinned pinned(cpu);
  const std::byte own{};
  const std::span<const std::byte> memory = watched.empty() ? std::span(&own, 1) : watched;
  const std::size_t step = os::page_size().count;
  os::Nanoseconds last = os::now();
  long lost = turns_lost();
  for (std::size_t at = 0; !stop_.load(std::memory_order_relaxed);
       at = at + step < memory.size() ? at + step : 0) {
    static_cast<void>(*static_cast<const volatile std::byte*>(memory.data() + at));
    const os::Nanoseconds now = os::now();
    if (now - last > kAbsence && turns_lost() != lost) {
      lost = turns_lost();
      beat.away.fetch_add((now - last).count(), std::memory_order_relaxed);
    }
    last = now;
    beat.count.fetch_add(1, std::memory_order_release);
  }
}

os::Nanoseconds Sharers::away() const {
  if (beats_.empty()) return {};
  std::int64_t sum = 0;
  for (const Beat& beat : beats_) sum += beat.away.load(std::memory_order_relaxed);
  return os::Nanoseconds{sum / static_cast<std::int64_t>(beats_.size())};
}

void Sharers::wait_until_all_run() {
  const auto beat = [this](std::size_t i) { return beats_[i].count.load(std::memory_order_acquire); };
  for (std::size_t i = 0; i < beats_.size(); ++i) seen_[i] = beat(i);
  for (std::size_t i = 0; i < beats_.size(); ++i)
    while (beat(i) == seen_[i]) trial::relax();
}

os::Nanoseconds Sharers::cpu_time() {
  os::Nanoseconds sum{};
  for (std::jthread& thread : threads_)
    if (clockid_t clock{}; ::pthread_getcpuclockid(thread.native_handle(), &clock) == 0)
      sum += os::read_clock(clock);
  return sum;
}

double Sharers::on_cpu() {
  const double used = os::to_seconds(cpu_time() - cpu_time_before_),
               passed = os::to_seconds(os::now() - began_);
  return std::min(1.0, used / (passed * static_cast<double>(threads_.size())));
}

}  // namespace tlbstorm::benches
