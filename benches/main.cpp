// SPDX-License-Identifier: Apache-2.0
// The microbenchmarks of tlbstorm. Names are an interface: question/argument:value.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
