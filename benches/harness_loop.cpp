// SPDX-License-Identifier: Apache-2.0
// What does the harness add to a worker's loop: asking whether to go on, counting an operation, timing it?
// Beside each what one would write without much thought.
#include <benchmark/benchmark.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>

#include "harness/os/clock.hpp"
#include "harness/trial/worker.hpp"

namespace {

using namespace tlbstorm;

struct Bed {
  trial::Plan plan;
  trial::Scoreboard scoreboard{1};
  trial::Worker worker{scoreboard, plan, 0};
};

void ask_to_go_on(benchmark::State& state) {
  Bed bed;
  for (auto _ : state) benchmark::DoNotOptimize(bed.worker.running());
}
BENCHMARK(ask_to_go_on)->Name("harness/ask_to_go_on/by:worker");

void count_on_scoreboard(benchmark::State& state) {
  Bed bed;
  for (auto _ : state) {
    bed.worker.count_operations();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(count_on_scoreboard)->Name("harness/count_operation/by:scoreboard");

void count_in_map(benchmark::State& state) {
  std::map<std::string, std::uint64_t> counts{{"faults", 0}, {"operations", 0}, {"pages", 0}};
  const std::string key = "operations";
  for (auto _ : state) {
    ++counts[key];
    benchmark::ClobberMemory();
  }
}
BENCHMARK(count_in_map)->Name("harness/count_operation/by:std_map");

/// Latencies as faults have them, from nothing to a millisecond.
class Latencies {
 public:
  os::Nanoseconds next() { return os::Nanoseconds{ns_ = (ns_ * 5 + 1) & 0xfffff}; }

 private:
  std::int64_t ns_ = 0;
};

void record_in_histogram(benchmark::State& state) {
  trial::Histogram histogram;
  Latencies latencies;
  for (auto _ : state) {
    histogram.record(latencies.next());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(record_in_histogram)->Name("harness/record_latency/by:histogram");

/// By the microsecond.
void record_in_map(benchmark::State& state) {
  std::map<std::int64_t, std::uint64_t> counts;
  Latencies latencies;
  for (auto _ : state) {
    ++counts[latencies.next() / std::chrono::microseconds{1}];
    benchmark::ClobberMemory();
  }
}
BENCHMARK(record_in_map)->Name("harness/record_latency/by:std_map");

void clock_of_ours(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(os::now());
}
BENCHMARK(clock_of_ours)->Name("harness/read_clock/by:now");

void clock_of_the_library(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(clock_of_the_library)->Name("harness/read_clock/by:steady_clock");

void clock_of_the_kernel(benchmark::State& state) {
  timespec time{};
  for (auto _ : state) benchmark::DoNotOptimize(::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time));
}
BENCHMARK(clock_of_the_kernel)->Name("harness/read_clock/by:syscall");

}  // namespace
