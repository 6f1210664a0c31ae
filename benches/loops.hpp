// SPDX-License-Identifier: Apache-2.0
// The loops that operations are measured in.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

#include "benches/cost.hpp"

namespace tlbstorm::benches {

/// The loop of a benchmark whose operations need nothing.
template <typename Operation>
void repeat(benchmark::State& state, Cost& cost, Operation operation) {
  for (auto _ : state) {
    operation();
    cost.operation_done();
  }
}

/// A loop whose operations use up what was prepared: before each `batches` of them prepare() makes all ready,
/// which does not count. operation(i) is on the i-th. After them check(done), if there is one, looks at what
/// they did.
template <typename Prepare, typename Operation, typename Check>
void by_rounds(benchmark::State& state, Cost& cost, std::size_t batches, Prepare prepare, Operation operation,
               Check check) {
  std::size_t next = batches;
  bool begun = false;
  for (auto _ : state) {
    if (next == batches) {
      cost.pause();
      if (begun) check(next);
      begun = true;
      prepare();
      cost.resume();
      next = 0;
    }
    operation(next++);
    cost.operation_done();
  }
  cost.stop();
  check(next);
}

template <typename Prepare, typename Operation>
void by_rounds(benchmark::State& state, Cost& cost, std::size_t batches, Prepare prepare,
               Operation operation) {
  by_rounds(state, cost, batches, prepare, operation, [](std::size_t) {});
}

}  // namespace tlbstorm::benches
