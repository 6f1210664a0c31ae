// SPDX-License-Identifier: Apache-2.0
// The microbenchmarks of tlbstorm. Names are an interface: subject/question.
#include <benchmark/benchmark.h>

#include "benches/benches.hpp"

int main(int argc, char** argv) {
  tlbstorm::benches::register_probes();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
