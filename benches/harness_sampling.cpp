// SPDX-License-Identifier: Apache-2.0
// What does a sample cost, probe by probe, and all of them with the budget that a run has? Beside it the bare
// read of a file, which is the kernel's part of it, and what a script would do.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "benches/awk.hpp"
#include "benches/benches.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/probe/probe.hpp"
#include "harness/trial/planner.hpp"
#include "harness/trial/sampler.hpp"

namespace tlbstorm::benches {
namespace {

probe::Target target_of(const machine::Machine& machine) {
  return {.proc = "/proc",
          .cgroup_version = machine.cgroup.version,
          .cgroup = machine.cgroup.parent,
          .online_cpus = machine.topology.online};
}

std::unique_ptr<probe::Probe> open_probe(const probe::Source& source, const machine::Machine& machine) {
  probe::Opened opened = source.open(target_of(machine));
  if (const auto* const why = std::get_if<probe::Unavailable>(&opened))
    throw os::Error(why->reason, why->remedy);
  return std::get<std::unique_ptr<probe::Probe>>(std::move(opened));
}

void by_probe(benchmark::State& state, const probe::Source& source, const machine::Machine& machine) {
  const std::unique_ptr<probe::Probe> probe = open_probe(source, machine);
  std::vector<double> row(probe->columns().size());
  for (auto _ : state) {
    probe->read(row);
    benchmark::DoNotOptimize(row.data());
  }
  state.counters["columns"] = static_cast<double>(row.size());
}

/// The files that probes hold open and read at every sample: what is text, and the counter groups. Found by
/// looking which files came while the probes were opened, so that no probe can forget one.
class HeldOpen {
 public:
  HeldOpen() : before_(now()) {}
  /// To be called when the probes are open.
  void look() {
    std::size_t members = 0;  // still to come of a counter group, which is opened one by one
    for (const auto& [fd, path] : now()) {
      if (before_.contains(fd)) continue;
      if (path.starts_with("/proc/") || path.starts_with("/sys/")) text_.push_back(fd);
      if (!path.starts_with("anon_inode:[perf_event]")) continue;
      if (members == 0) {
        groups_.push_back(fd);
        members = members_of(fd);
      }
      if (members > 0) --members;
    }
  }

  void read(std::vector<char>& buffer) const {
    for (const int fd : text_) {
      off_t at = 0;
      for (ssize_t got; (got = ::pread(fd, buffer.data(), buffer.size(), at)) > 0;) at += got;
    }
    for (const int fd : groups_) benchmark::DoNotOptimize(::read(fd, buffer.data(), buffer.size()));
  }

 private:
  static std::map<int, std::string> now() {
    std::map<int, std::string> open;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const std::string target = std::filesystem::read_symlink(entry.path());
      if (target.ends_with("/fd")) continue;  // what lists them
      open[std::stoi(entry.path().filename())] = target;
    }
    return open;
  }
  /// PERF_FORMAT_GROUP: their number comes first (perf_event_open(2), "Reading results").
  static std::size_t members_of(int fd) {
    std::array<std::uint64_t, 1024> values{};
    return ::read(fd, values.data(), sizeof values) > 0 ? values[0] : 0;
  }

  std::map<int, std::string> before_;
  std::vector<int> text_, groups_;
};

/// What the kernel needs for what a probe reads at a sample, however it is taken apart.
void by_bare_read(benchmark::State& state, const HeldOpen& held) {
  std::vector<char> buffer(std::size_t{1} << 20);
  for (auto _ : state) held.read(buffer);
}

/// The same of all the probes of a run.
void all_bare_reads(benchmark::State& state, const machine::Machine& machine) {
  HeldOpen held;
  const trial::Definition& definition = trial::find_workload("pageout");
  const trial::Plan plan = trial::make_plan(definition, {}, machine);
  const trial::ProbeSet probes(plan, definition, target_of(machine));
  held.look();
  by_bare_read(state, held);
}

/// All numbers of the file, as one would first write it.
void by_ifstream(benchmark::State& state, const std::string& file) {
  for (auto _ : state) {
    std::ifstream stream(file);
    double sum = 0;
    for (std::string line; std::getline(stream, line);) {
      std::istringstream words(line);
      words >> line;
      for (double number; words >> number;) sum += number;
    }
    benchmark::DoNotOptimize(sum);
  }
}

/// The same by a script.
void by_awk(benchmark::State& state, const std::string& file) {
  sample_by_awk(state, "{ for (i = 2; i <= NF; i++) sum += $i } END { print sum }", file);
}

/// Samples of all probes as a run takes them: between edges, where --sample-budget bounds their average, or
/// at an edge, with every probe that this machine has.
void all_probes(benchmark::State& state, const machine::Machine& machine, bool edge) {
  const trial::Definition& definition = trial::find_workload("pageout");
  const trial::Plan plan = trial::make_plan(definition, {}, machine);
  trial::Scoreboard scoreboard(plan.workers);
  trial::ProbeSet probes(plan, definition, target_of(machine));
  std::vector<double> row(probes.columns().size());
  std::uint64_t tick = 0;
  for (auto _ : state) {
    probes.read(row, scoreboard, tick++, edge, false);
    benchmark::DoNotOptimize(row.data());
  }
  state.counters["columns"] = static_cast<double>(row.size());
}

void add_probe(Catalogue& catalogue, const probe::Source& source) {
  const std::string name = fmt::format("harness/sample/of:{}/by:", source.name);
  const machine::Machine& machine = catalogue.machine();
  const probe::Opened opened = source.open(target_of(machine));
  if (const auto* const why = std::get_if<probe::Unavailable>(&opened))
    return catalogue.skip(name + "probe", why->reason);
  catalogue.add_one(name + "probe", [&](benchmark::State& state) { by_probe(state, source, machine); });
  catalogue.add_one(name + "bare_read", [&](benchmark::State& state) {
    HeldOpen held;
    const std::unique_ptr<probe::Probe> probe = open_probe(source, machine);
    held.look();
    by_bare_read(state, held);
  });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  for (const probe::Source& source : probe::sources()) add_probe(catalogue, source);
  // Probes of one file, and that file.
  for (const auto& [probe, path] : {std::pair<const char*, const char*>{"interrupts", "/proc/interrupts"},
                                    {"vmstat", "/proc/vmstat"},
                                    {"cpu", "/proc/stat"}}) {
    const std::string name = fmt::format("harness/sample/of:{}/by:", probe);
    catalogue.add_one(name + "ifstream",
                      [path = path](benchmark::State& state) { by_ifstream(state, path); });
    catalogue.add_one(name + "awk", [path = path](benchmark::State& state) { by_awk(state, path); });
  }
  for (const bool edge : {false, true})
    catalogue.add_one(fmt::format("harness/sample/of:all/by:{}", edge ? "every_probe" : "budget"),
                      [&, edge](benchmark::State& state) { all_probes(state, catalogue.machine(), edge); });
  catalogue.add_one("harness/sample/of:all/by:bare_read",
                    [&](benchmark::State& state) { all_bare_reads(state, catalogue.machine()); });
});

}  // namespace
}  // namespace tlbstorm::benches
