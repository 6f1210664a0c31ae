// SPDX-License-Identifier: Apache-2.0
#include "benches/sharers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "harness/os/error.hpp"
#include "harness/os/process.hpp"
#include "harness/os/text.hpp"
#include "harness/trial/placement.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;
using machine::Cpu;
using machine::Topology;

constexpr int kAhead = -20;
/// Longer than any program keeps its turn on a CPU, unless it has precedence over us.
constexpr os::Nanoseconds kPatience = 10s;

std::vector<int> beside(const Topology& topology, const Cpu& caller) {
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
  const std::size_t cpus = topology.cpus.size();
  if (sharers >= cpus) return {};
  if (placement == "compact") return trial::place(topology, "compact", static_cast<int>(sharers) + 1);
  for (const int id : trial::place(topology, "compact", static_cast<int>(cpus))) {
    const Cpu& caller = *topology.find(id);
    std::vector<int> others =
        placement == "same-core" ? beside(topology, caller) : on_other_socket(topology, caller, sharers);
    if (others.size() != sharers) continue;
    others.insert(others.begin(), caller.id);
    return others;
  }
  return {};
}

// Nice values are a thread's own on Linux: setpriority(2), "C library/kernel differences".
Pinned::Pinned(int cpu) : before_(machine::allowed_cpus()), nice_before_(::getpriority(PRIO_PROCESS, 0)) {
  os::pin_to_cpu(cpu);
  ::setpriority(PRIO_PROCESS, 0, kAhead);
}

Pinned::~Pinned() {
  ::setpriority(PRIO_PROCESS, 0, nice_before_);
  try {
    os::run_on(before_);
  } catch (const os::Error&) {  // those CPUs are gone meanwhile: there is nowhere to go back to
  }
}

Sharers::Sharers(std::span<const int> cpus, std::span<const std::byte> watched)
    : pinned_(cpus.front()),
      signs_(os::Mapping::shared(os::Bytes{sizeof(Sign) * cpus.size()})),
      seen_(cpus.size() - 1) {
  auto* const signs = reinterpret_cast<Sign*>(signs_.data());
  for (const int cpu : cpus.subspan(1)) {
    Sign* const sign = std::construct_at(signs + sharers_.size());
    sharers_.push_back({cpu, sign, {}, std::jthread([cpu, watched, sign](const std::stop_token& stop) {
                          share(stop, cpu, watched, *sign);
                        })});
  }
  for (Sharer& sharer : sharers_) await(sharer);
  wait_until_all_run();
  began_ = os::now();
  cpu_time_before_ = cpu_time();
}

/// Until it has come to its CPU; it begins on ours.
void Sharers::await(Sharer& sharer) {
  while (sharer.sign->thread_id.load() == 0 && sharer.sign->error.load() == 0) std::this_thread::yield();
  if (const int error = sharer.sign->error.load())
    throw os::SystemError("run a thread on CPU", std::to_string(sharer.cpu), error);
  const std::string path = fmt::format("/proc/self/task/{}/schedstat", sharer.sign->thread_id.load());
  sharer.schedstat = os::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// The loop writes to nothing that a fork would make it copy: such faults and their flushes would count.
void Sharers::share(const std::stop_token& stop, int cpu, std::span<const std::byte> watched,
                    Sign& sign) try {
  const Pinned pinned(cpu);
  sign.thread_id.store(::gettid());
  const std::byte own{};
  const std::span<const std::byte> memory = watched.empty() ? std::span(&own, 1) : watched;
  const std::size_t step = os::page_size().count;
  for (std::size_t at = 0; !stop.stop_requested(); at = at + step < memory.size() ? at + step : 0) {
    static_cast<void>(*static_cast<const volatile std::byte*>(memory.data() + at));
    sign.beats.fetch_add(1, std::memory_order_release);
  }
} catch (const os::SystemError& error) {
  sign.error.store(error.code());
}

void Sharers::wait_until_all_run() {
  constexpr int kSpins = 4096;  // between looks at the clock
  const auto beats = [](const Sharer& of) { return of.sign->beats.load(std::memory_order_acquire); };
  std::transform(sharers_.begin(), sharers_.end(), seen_.begin(), beats);
  const os::Nanoseconds began = sharers_.empty() ? os::Nanoseconds{} : os::now();
  for (std::size_t i = 0; i < sharers_.size(); ++i)
    for (int spins = 0; beats(sharers_[i]) == seen_[i]; ++spins) {
      trial::relax();
      if (spins % kSpins == kSpins - 1 && os::now() - began > kPatience) give_up_on(sharers_[i]);
    }
}

/// It is let go to where it can run, or it could not even end.
void Sharers::give_up_on(const Sharer& absent) {
  for (const Sharer& sharer : sharers_) os::run_on(pinned_.before(), sharer.sign->thread_id.load());
  throw os::Error(fmt::format("CPU {} was not to be had for {}", absent.cpu, os::format_duration(kPatience)),
                  "a program with precedence runs there; leave that CPU out with taskset");
}

std::optional<os::Nanoseconds> Sharers::away() const {
  long long sum = 0;
  for (const Sharer& sharer : sharers_) {
    std::array<char, 128> text{};
    if (::pread(sharer.schedstat.get(), text.data(), text.size() - 1, 0) <= 0) return std::nullopt;
    std::string_view line = text.data();
    const auto ran = os::to_number(os::take_field(line)), waited = os::to_number(os::take_field(line));
    if (!ran || *ran == 0 || !waited) return std::nullopt;
    sum += static_cast<long long>(*waited);
  }
  return os::Nanoseconds{sum / static_cast<long long>(std::max<std::size_t>(1, sharers_.size()))};
}

os::Nanoseconds Sharers::cpu_time() const {
  os::Nanoseconds sum{};
  for (const Sharer& sharer : sharers_)
    if (clockid_t clock{};
        ::pthread_getcpuclockid(const_cast<std::jthread&>(sharer.thread).native_handle(), &clock) == 0)
      sum += os::read_clock(clock);
  return sum;
}

double Sharers::on_cpu() const {
  const double used = os::to_seconds(cpu_time() - cpu_time_before_),
               passed = os::to_seconds(os::now() - began_);
  return std::min(1.0, used / (passed * static_cast<double>(sharers_.size())));
}

}  // namespace tlbstorm::benches
