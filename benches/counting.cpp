// SPDX-License-Identifier: Apache-2.0
// What does the harness add to a worker's loop: asking whether to go on, counting an operation, timing it?
#include <benchmark/benchmark.h>

#include "harness/os/clock.hpp"
#include "harness/trial/worker.hpp"

namespace {

using namespace tlbstorm;

struct Bed {
  trial::Plan plan;
  trial::Scoreboard scoreboard{1};
  trial::Worker worker{scoreboard, plan, 0};
};

void running(benchmark::State& state) {
  Bed bed;
  for (auto _ : state) benchmark::DoNotOptimize(bed.worker.running());
}
BENCHMARK(running)->Name("worker/running");

void count_operation(benchmark::State& state) {
  Bed bed;
  for (auto _ : state) {
    bed.worker.count_operations();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(count_operation)->Name("worker/count-operation");

void histogram_record(benchmark::State& state) {
  trial::Histogram histogram;
  std::int64_t ns = 0;
  for (auto _ : state) {
    histogram.record(os::Nanoseconds{ns = (ns * 5 + 1) & 0xfffff});
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_record)->Name("worker/histogram-record");

void clock_read(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(os::now());
}
BENCHMARK(clock_read)->Name("worker/clock-read");

}  // namespace
