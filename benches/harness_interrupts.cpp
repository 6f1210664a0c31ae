// SPDX-License-Identifier: Apache-2.0
// What does our parsing cost where /proc/interrupts is long? Texts as kernels with 128, 256 and 512 CPUs
// print them, read bare, by the probe, and by awk.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "benches/awk.hpp"
#include "benches/benches.hpp"
#include "harness/os/fd.hpp"
#include "harness/probe/probe.hpp"
#include "tests/fixtures/interrupts_text.hpp"

namespace tlbstorm::benches {
namespace {

namespace fs = std::filesystem;

/// The text in a /proc of its own.
class FakeProc {
 public:
  FakeProc(const fs::path& scratch, int cpus) : folder_(scratch / fmt::format("proc{}", cpus)) {
    fs::create_directories(folder_);
    std::ofstream(file()) << test::interrupts_of(cpus);
  }
  const fs::path& folder() const { return folder_; }
  fs::path file() const { return folder_ / "interrupts"; }

 private:
  fs::path folder_;
};

void bare_read(benchmark::State& state, const FakeProc& proc) {
  const os::Fd fd = os::Fd::open(proc.file(), O_RDONLY);
  std::vector<char> buffer(fs::file_size(proc.file()) + 4096);
  for (auto _ : state) {
    off_t at = 0;
    for (ssize_t got;
         (got = ::pread(fd.get(), buffer.data() + at, buffer.size() - static_cast<std::size_t>(at), at)) > 0;)
      at += got;
    benchmark::DoNotOptimize(buffer.data());
  }
  state.counters["bytes"] = static_cast<double>(fs::file_size(proc.file()));
}

void probe_read(benchmark::State& state, const FakeProc& proc) {
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

/// The sum of the TLB row.
void awk(benchmark::State& state, const FakeProc& proc) {
  sample_by_awk(state, R"($1 == "TLB:" { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n })",
                proc.file().native());
}

using Reading = void (*)(benchmark::State&, const FakeProc&);

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  for (const auto& [by, read] :
       {std::pair<const char*, Reading>{"bare_read", &bare_read}, {"probe", &probe_read}, {"awk", &awk}})
    for (const int cpus : {128, 256, 512})
      catalogue.add_one(fmt::format("harness/parse_interrupts/by:{}/cpus:{}", by, cpus),
                        [read = read, cpus, scratch = catalogue.scratch()](benchmark::State& state) {
                          read(state, FakeProc(scratch, cpus));
                        });
});

}  // namespace
}  // namespace tlbstorm::benches
