// SPDX-License-Identifier: Apache-2.0
// What does our parsing cost where /proc/interrupts is long? Texts as kernels with 128, 256 and 512 CPUs
// print them, read bare, by the probe, and by awk.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/probe/probe.hpp"
#include "tests/fixtures/interrupts_text.hpp"

namespace {

using namespace tlbstorm;

/// The text in a /proc of its own, removed at the end.
class FakeProc {
 public:
  explicit FakeProc(int cpus) {
    std::string name = (std::filesystem::temp_directory_path() / "tlbstorm-bench-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    folder_ = name;
    std::ofstream(file()) << test::interrupts_of(cpus);
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;
  ~FakeProc() { std::filesystem::remove_all(folder_); }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path file() const { return folder_ / "interrupts"; }

 private:
  std::filesystem::path folder_;
};

void bare_read(benchmark::State& state) {
  const FakeProc proc(static_cast<int>(state.range(0)));
  const os::Fd fd = os::Fd::open(proc.file(), O_RDONLY);
  std::vector<char> buffer(std::filesystem::file_size(proc.file()) + 4096);
  for (auto _ : state) {
    off_t at = 0;
    for (ssize_t got;
         (got = ::pread(fd.get(), buffer.data() + at, buffer.size() - static_cast<std::size_t>(at), at)) > 0;)
      at += got;
    benchmark::DoNotOptimize(buffer.data());
  }
  state.counters["bytes"] = static_cast<double>(std::filesystem::file_size(proc.file()));
}

void probe_read(benchmark::State& state) {
  const FakeProc proc(static_cast<int>(state.range(0)));
  probe::Target target;
  target.proc = proc.folder();
  for (const probe::Source& source : probe::sources()) {
    if (source.name != "interrupts") continue;
    const auto probe = std::get<std::unique_ptr<probe::Probe>>(source.open(target));
    std::vector<double> row(probe->columns().size());
    for (auto _ : state) {
      probe->read(row);
      benchmark::DoNotOptimize(row.data());
    }
    state.counters["columns"] = static_cast<double>(row.size());
  }
}

/// What a script does: the sum of the TLB row, with a process for each sample.
void awk(benchmark::State& state) {
  const FakeProc proc(static_cast<int>(state.range(0)));
  const std::string command =
      "awk '$1 == \"TLB:\" { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n }' " +
      proc.file().native();
  for (auto _ : state) {
    FILE* const output = ::popen(command.c_str(), "re");
    char line[64];
    if (output == nullptr || std::fgets(line, sizeof line, output) == nullptr)
      state.SkipWithError("no awk here");
    if (output != nullptr) ::pclose(output);
  }
}

void cpus(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("cpus")->Arg(128)->Arg(256)->Arg(512)->Unit(benchmark::kMicrosecond)->UseRealTime();
}
BENCHMARK(bare_read)->Name("harness/parse_interrupts/by:bare_read")->Apply(cpus);
BENCHMARK(probe_read)->Name("harness/parse_interrupts/by:probe")->Apply(cpus);
BENCHMARK(awk)->Name("harness/parse_interrupts/by:awk")->Apply(cpus);

}  // namespace
