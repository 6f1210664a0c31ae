// SPDX-License-Identifier: Apache-2.0
// The bare loops that unmap-churn and mprotect-storm are held against: threads of one mm, each on a CPU and
// with memory of its own, that do nothing but the calls. The first is what will-it-scale's tlb_flush2 does.
#include <benchmark/benchmark.h>
#include <sched.h>
#include <sys/mman.h>

#include "harness/os/mapping.hpp"
#include "harness/os/process.hpp"

namespace {

using namespace tlbstorm;

constexpr std::size_t kRegion = 1 << 20;

/// The calling thread on the CPU of its number; as it was when destroyed.
class Pinned {
 public:
  explicit Pinned(int cpu) {
    ::sched_getaffinity(0, sizeof before_, &before_);
    os::pin_to_cpu(cpu);
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

template <typename Calls>
void loop(benchmark::State& state, Calls calls) {
  const Pinned pinned(state.thread_index());
  const os::Mapping memory = os::Mapping::anonymous({kRegion});
  std::size_t at = 0;
  for (auto _ : state) {
    *reinterpret_cast<volatile std::byte*>(memory.data() + at) = std::byte{1};
    calls(memory.data() + at, os::page_size().count);
    at = (at + os::page_size().count) % kRegion;
  }
  state.SetItemsProcessed(state.iterations());
}

void dontneed(benchmark::State& state) {
  loop(state, [](std::byte* at, std::size_t bytes) { ::madvise(at, bytes, MADV_DONTNEED); });
}

void protect(benchmark::State& state) {
  loop(state, [](std::byte* at, std::size_t bytes) {
    ::mprotect(at, bytes, PROT_READ);
    ::mprotect(at, bytes, PROT_READ | PROT_WRITE);
  });
}

BENCHMARK(dontneed)->Name("flush/dontneed-loop")->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(protect)->Name("flush/mprotect-loop")->ThreadRange(1, 2)->UseRealTime();

}  // namespace
