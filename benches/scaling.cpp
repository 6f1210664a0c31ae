// SPDX-License-Identifier: Apache-2.0
// How does it scale? Threads of one mm, each on a CPU and with a region of its own, do nothing but one kind
// of call; beside them processes that do the same and share nothing. Like will-it-scale's
// tlb_flush2 and page_fault1, with efficiency: what a thread did beside the others, of what it does alone,
// measured just before and after.
#include <fmt/format.h>
#include <sys/mman.h>

#include <atomic>
#include <memory>
#include <optional>

#include "benches/benches.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"
#include "harness/os/futex.hpp"
#include "harness/os/process.hpp"
#include "harness/probe/shootdowns.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;

constexpr int kCalls = 1024;   // of an iteration, so that handing it to a process costs nothing beside it
constexpr auto kAlone = 50ms;  // before and after

/// kCalls operations on a region of as many pages.
using Calls = void (*)(std::span<std::byte> region);

std::span<std::byte> page_of(std::span<std::byte> region, int i) {
  return region.subspan(size_of(i).count, size_of(1).count);
}

void dontneed(std::span<std::byte> region) {
  for (int i = 0; i < kCalls; ++i) {
    const std::span<std::byte> page = page_of(region, i);
    touch(page);
    require(::madvise(page.data(), page.size(), MADV_DONTNEED) == 0, "madvise");
  }
}

void protect(std::span<std::byte> region) {
  for (int i = 0; i < kCalls; ++i) {
    const std::span<std::byte> page = page_of(region, i);
    touch(page);
    require(::mprotect(page.data(), page.size(), PROT_READ) == 0, "mprotect");
    require(::mprotect(page.data(), page.size(), PROT_READ | PROT_WRITE) == 0, "mprotect");
  }
}

void map_and_unmap(std::span<std::byte>) {
  for (int i = 0; i < kCalls; ++i) map_touch_unmap(size_of(1).count);
}

/// A fault is an operation; there is one flush for all of them.
void first_touch(std::span<std::byte> region) {
  touch(region);
  require(::madvise(region.data(), region.size(), MADV_DONTNEED) == 0, "madvise");
}

/// Does the calls in the calling thread.
class OwnThread {
 public:
  explicit OwnThread(Calls calls) : calls_(calls), region_(os::Mapping::anonymous(size_of(kCalls))) {}
  void run() { calls_(region_.bytes()); }

 private:
  Calls calls_;
  os::Mapping region_;
};

/// Does the calls in a process, on the CPU of the calling thread, which sleeps meanwhile.
class OwnProcess {
 public:
  explicit OwnProcess(Calls calls)
      : memory_(os::Mapping::shared(size_of(1))),
        orders_(std::construct_at(reinterpret_cast<Orders*>(memory_.data()))) {
    child_ = os::Child::fork(false, [this, calls] {
      OwnThread own(calls);
      for (std::uint32_t done = 0;;) {
        await(orders_->given, done);
        own.run();
        orders_->done.store(++done);
        os::futex_wake_all(orders_->done);
      }
      return 0;
    });
  }
  void run() {
    const std::uint32_t done = orders_->done.load();
    orders_->given.store(done + 1);
    os::futex_wake_all(orders_->given);
    await(orders_->done, done);
  }

 private:
  struct Orders {
    std::atomic<std::uint32_t> given{0}, done{0};
  };
  /// Until the word is no longer `old`.
  void await(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
    while (word.load() == old) {
      os::futex_wait(word, old, os::now() + 1s);
      if (child_.pid() > 0 && child_.poll()) throw os::Error("a benchmark's process ended early");
    }
  }

  os::Mapping memory_;
  Orders* orders_;
  os::Child child_;
};

double rate(double calls, os::Nanoseconds time) { return calls / os::to_seconds(time); }

/// Calls a second while the others sleep: before they begin, or when they are done.
template <typename Own>
double rate_alone(Own& own) {
  own.run();
  double calls = 0;
  const os::Nanoseconds began = os::now();
  for (; os::now() - began < kAlone; calls += kCalls) own.run();
  return rate(calls, os::now() - began);
}

template <typename Own>
void scale(benchmark::State& state, Calls calls, const std::vector<int>& cpus) {
  const auto thread = static_cast<std::size_t>(state.thread_index());
  const Pinned pinned(cpus[thread % cpus.size()]);
  Own own(calls);
  const bool first = thread == 0;
  const double before = first ? rate_alone(own) : 0;
  std::optional<probe::Shootdowns> shootdowns;
  if (first) shootdowns.emplace(probe::Shootdowns::What::received).start();
  os::Nanoseconds began{};
  for (auto _ : state) {  // begins when all threads are here, and ends when all are done
    if (began == 0ns) began = os::now();
    own.run();
  }
  const os::Nanoseconds took = os::now() - began;
  const double calls_done = static_cast<double>(state.iterations()) * kCalls;
  state.SetItemsProcessed(static_cast<std::int64_t>(calls_done));
  if (!first) return;
  shootdowns->stop();
  const double together = rate(calls_done, took), alone = (before + rate_alone(own)) / 2;
  state.counters["calls_per_thread"] = together;
  state.counters["efficiency"] = together / alone;
  if (const auto received = shootdowns->received())
    state.counters["ipis_per_op"] = *received / (calls_done * state.threads());
}

template <typename Own>
void add(Catalogue& catalogue, const std::string& operation, const char* mode, Calls calls) {
  const int all = static_cast<int>(catalogue.machine().topology.cpus.size());
  catalogue
      .add_one(
          fmt::format("{}/mode:{}", operation, mode),
          [calls, cpus = cpus_of(catalogue.machine().topology, "compact", static_cast<std::size_t>(all - 1))](
              benchmark::State& state) { scale<Own>(state, calls, cpus); })
      ->ThreadRange(1, all);
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  for (const auto& [operation, calls] : {std::pair<std::string, Calls>{"scale/dontneed", &dontneed},
                                         {"scale/mprotect", &protect},
                                         {"scale/munmap", &map_and_unmap},
                                         {"scale/fault", &first_touch}}) {
    add<OwnThread>(catalogue, operation, "threads", calls);
    add<OwnProcess>(catalogue, operation, "processes", calls);
  }
});

}  // namespace
}  // namespace tlbstorm::benches
