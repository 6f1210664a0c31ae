// SPDX-License-Identifier: Apache-2.0
// The microbenchmarks of tlbstorm. All options are Google Benchmark's own; what differs are the defaults:
// repetitions are interleaved at random, and a repetition lasts a tenth of a second.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "benches/benches.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/error.hpp"

namespace {

using namespace tlbstorm;

/// Ours first, so that the user's own options win.
std::vector<char*> with_defaults(int argc, char** argv) {
  static char interleaved[] = "--benchmark_enable_random_interleaving=true";
  static char time[] = "--benchmark_min_time=0.1";
  std::vector<char*> words{argv[0], interleaved, time};
  words.insert(words.end(), argv + 1, argv + argc);
  return words;
}

/// What a run's manifest has of the machine, and what it could not be asked.
void add_context() {
  const machine::Machine machine = machine::inspect();
  for (const machine::Fact& fact : machine.facts) benchmark::AddCustomContext(fact.key, fact.value);
  benchmark::AddCustomContext("topology", machine.topology.summary());
  benchmark::AddCustomContext("flushes", machine.flush.text);
  for (const benches::Skipped& one : benches::skipped())
    benchmark::AddCustomContext(fmt::format("skipped {}", one.name), one.reason);
}

}  // namespace

int main(int argc, char** argv) try {
  benches::register_probes();
  benches::add_registered();
  std::vector<char*> words = with_defaults(argc, argv);
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data());
  if (benchmark::ReportUnrecognizedArguments(count, words.data())) return 2;
  add_context();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
} catch (const os::Error& error) {
  fmt::print(stderr, "tlbstorm-bench: {}\n", error.what());
  return 1;
}
