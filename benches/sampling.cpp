// SPDX-License-Identifier: Apache-2.0
// What does a sample cost, probe by probe, and all of them with the budget that a run has? Beside it the bare
// read of /proc/interrupts, which is the kernel's part of it.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "benches/benches.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/fd.hpp"
#include "harness/probe/probe.hpp"
#include "harness/trial/planner.hpp"
#include "harness/trial/sampler.hpp"

namespace {

using namespace tlbstorm;

probe::Target target_of(const machine::Machine& machine) {
  return {.proc = "/proc",
          .cgroup_version = machine.cgroup.version,
          .cgroup = machine.cgroup.parent,
          .online_cpus = machine.topology.online};
}

void probe_read(benchmark::State& state, const probe::Source& source) {
  const machine::Machine machine = machine::inspect();
  probe::Opened opened = source.open(target_of(machine));
  auto* const probe = std::get_if<std::unique_ptr<probe::Probe>>(&opened);
  if (probe == nullptr) {
    state.SkipWithError(std::get<probe::Unavailable>(opened).reason.c_str());
    return;
  }
  std::vector<double> row((*probe)->columns().size());
  for (auto _ : state) {
    (*probe)->read(row);
    benchmark::DoNotOptimize(row.data());
  }
  state.counters["columns"] = static_cast<double>(row.size());
}

/// Consecutive samples of all probes as a run takes them between edges: its average is what --sample-budget
/// bounds.
void sample_within_budget(benchmark::State& state) {
  const machine::Machine machine = machine::inspect();
  const trial::Definition& definition = trial::find_workload("pageout");
  const trial::Plan plan = trial::make_plan(definition, {}, machine);
  trial::Scoreboard scoreboard(plan.workers);
  trial::ProbeSet probes(plan, definition, target_of(machine), scoreboard);
  std::vector<double> row(probes.columns().size());
  std::uint64_t tick = 0;
  for (auto _ : state) {
    probes.read(row, tick++, false, false);
    benchmark::DoNotOptimize(row.data());
  }
  state.counters["columns"] = static_cast<double>(row.size());
}
BENCHMARK(sample_within_budget)->Name("sample/all-within-budget")->Unit(benchmark::kMicrosecond);

/// One sample of every probe that this machine has, as at an edge.
void sample_of_every_probe(benchmark::State& state) {
  const machine::Machine machine = machine::inspect();
  const trial::Definition& definition = trial::find_workload("pageout");
  const trial::Plan plan = trial::make_plan(definition, {}, machine);
  trial::Scoreboard scoreboard(plan.workers);
  trial::ProbeSet probes(plan, definition, target_of(machine), scoreboard);
  std::vector<double> row(probes.columns().size());
  for (auto _ : state) {
    probes.read(row, 0, true, false);
    benchmark::DoNotOptimize(row.data());
  }
  state.counters["columns"] = static_cast<double>(row.size());
}
BENCHMARK(sample_of_every_probe)->Name("sample/every-probe")->Unit(benchmark::kMicrosecond);

void bare_read(benchmark::State& state) {
  const os::Fd fd = os::Fd::open("/proc/interrupts", O_RDONLY);
  std::vector<char> buffer(std::size_t{1} << 20);
  for (auto _ : state) {
    off_t at = 0;
    for (ssize_t got; (got = ::pread(fd.get(), buffer.data(), buffer.size(), at)) > 0;) at += got;
    benchmark::DoNotOptimize(buffer.data());
  }
}
BENCHMARK(bare_read)->Name("sample/bare-read-of-interrupts")->Unit(benchmark::kMicrosecond);

}  // namespace

void tlbstorm::benches::register_probes() {
  for (const probe::Source& source : probe::sources())
    benchmark::RegisterBenchmark(("sample/" + source.name).c_str(), [&source](benchmark::State& state) {
      probe_read(state, source);
    })->Unit(benchmark::kMicrosecond);
}
