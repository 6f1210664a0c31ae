// SPDX-License-Identifier: Apache-2.0
// What the loop of a workload costs beside the memory access that it is for: asking whether to go on,
// choosing a page, counting; and what it costs to time the access. The bare loop visits the same pages in the
// same order.
#include <benchmark/benchmark.h>

#include <memory>
#include <thread>
#include <vector>

#include "harness/os/mapping.hpp"
#include "harness/trial/access_timer.hpp"
#include "workloads/page_queue.hpp"
#include "workloads/touch.hpp"

namespace {

using namespace tlbstorm;

constexpr std::size_t kPages = 256;  // stay in the caches and the TLB: the loop shows, not the memory
constexpr std::size_t kVisits = 4096;

/// A worker in its measured phase.
class MeasuringWorker {
 public:
  MeasuringWorker() : scoreboard_(1), worker_(scoreboard_, plan_, 0) {
    std::thread leader([this] { scoreboard_.enter({trial::Phase::measure, 0}); });
    const std::uint32_t request = scoreboard_.wait_for_edge(0, os::now() + std::chrono::seconds{10});
    scoreboard_.complete_edge(request);
    leader.join();
    worker_.running();
  }
  trial::Worker& get() { return worker_; }

 private:
  trial::Plan plan_;
  trial::Scoreboard scoreboard_;
  trial::Worker worker_;
};

workloads::PageQueue make_queue() { return workloads::PageQueue(workloads::kUniform, {0, kPages}, 0, 1); }

void read(const os::Mapping& memory, std::uint64_t page) {
  static_cast<void>(*reinterpret_cast<const volatile std::uint64_t*>(memory.page(page)));
}

void bare_access(benchmark::State& state) {
  const os::Mapping memory = os::Mapping::anonymous(os::page_size() * kPages);
  workloads::PageQueue queue = make_queue();
  std::vector<std::uint64_t> pages;
  while (pages.size() < kVisits) {
    if (queue.empty()) queue.refill();
    pages.push_back(queue.next().page);
  }
  for (auto _ : state)
    for (const std::uint64_t page : pages) read(memory, page);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kVisits));
}

void worker_access(benchmark::State& state) {
  const os::Mapping memory = os::Mapping::anonymous(os::page_size() * kPages);
  workloads::PageQueue queue = make_queue();
  const auto measuring = std::make_unique<MeasuringWorker>();
  trial::Worker& worker = measuring->get();
  for (auto _ : state)
    for (std::size_t i = 0; i < kVisits && worker.running(); ++i) {
      if (queue.empty()) queue.refill();
      read(memory, queue.next().page);
      worker.count_operations();
    }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kVisits));
}

void timed_access(benchmark::State& state) {
  const os::Mapping memory = os::Mapping::anonymous(os::page_size() * kPages);
  workloads::PageQueue queue = make_queue();
  const auto measuring = std::make_unique<MeasuringWorker>();
  trial::Worker& worker = measuring->get();
  trial::AccessTimer timer(worker);
  for (auto _ : state)
    for (std::size_t i = 0; i < kVisits && worker.running(); ++i) {
      if (queue.empty()) {
        queue.refill();
        timer.restart();
      }
      read(memory, queue.next().page);
      timer.ended(trial::Access::read);
      worker.count_operations();
    }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kVisits));
}

/// A first touch of every page: the fastest fault that there is, against AccessTimer's assumption.
void first_touch_fault(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    os::Mapping memory = os::Mapping::anonymous(os::page_size() * kVisits);
    state.ResumeTiming();
    for (std::size_t page = 0; page < kVisits; ++page) read(memory, page);
    state.PauseTiming();
    memory.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kVisits));
}

constexpr std::size_t kTouched = 256 << 20;

/// usemem's pass over memory against a loop of nothing else; both touch fresh memory, faults included.
void touch_bare(benchmark::State& state) {
  const std::size_t step = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    os::Mapping memory = os::Mapping::anonymous({kTouched});
    state.ResumeTiming();
    for (std::size_t at = 0; at < kTouched; at += step)
      *reinterpret_cast<volatile std::uint64_t*>(memory.data() + at) = at | 1;
    state.PauseTiming();
    memory.reset();
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTouched));
}

void touch_usemem(benchmark::State& state) {
  workloads::TouchPattern pattern;
  pattern.step = static_cast<std::size_t>(state.range(0));
  workloads::Random random(1);
  for (auto _ : state) {
    state.PauseTiming();
    os::Mapping memory = os::Mapping::anonymous({kTouched});
    state.ResumeTiming();
    workloads::write_marks(memory.bytes(), pattern, random);
    state.PauseTiming();
    memory.reset();
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTouched));
}

BENCHMARK(bare_access)->Name("harness/access/by:bare_loop");
BENCHMARK(worker_access)->Name("harness/access/by:worker");
BENCHMARK(timed_access)->Name("harness/access/by:timed_worker");
BENCHMARK(first_touch_fault)->Name("harness/access/by:first_touch");
BENCHMARK(touch_bare)
    ->Name("harness/touch/by:bare_loop")
    ->ArgName("step")
    ->Arg(64)
    ->Arg(4096)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(touch_usemem)
    ->Name("harness/touch/by:usemem")
    ->ArgName("step")
    ->Arg(64)
    ->Arg(4096)
    ->Unit(benchmark::kMillisecond);

}  // namespace
