// SPDX-License-Identifier: Apache-2.0
// How fast is a run folder read? samples.csv of 64 MiB as a long run leaves it: split into fields, digested,
// and, as one would first write it, taken apart with std::getline and std::from_chars.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "benches/benches.hpp"
#include "harness/judge/sample_digest.hpp"
#include "harness/record/csv_reader.hpp"
#include "harness/record/csv_writer.hpp"

namespace tlbstorm::benches {
namespace {

constexpr int kColumns = 300;
constexpr int kDear = 100;  // of these columns belong to probes that are read at each tenth sample
constexpr std::size_t kFileBytes = std::size_t{64} << 20;

/// A run folder. Every fourth column is a gauge.
class LongRun {
 public:
  explicit LongRun(const std::filesystem::path& scratch) {
    run.path = scratch / "long_run";
    std::filesystem::create_directory(run.path);
    run.manifest.trials.emplace_back().trial = 1;
    std::string header = "trial,phase,round,seconds";
    for (int column = 0; column < kColumns; ++column) {
      header += fmt::format(",probe.figure{}", column);
      run.manifest.columns.push_back(
          {fmt::format("probe.figure{}", column), "pages", column % 4 == 0 ? "gauge" : "counter"});
    }
    write(header);
  }

  std::filesystem::path file() const { return run.path / "samples.csv"; }
  void count_bytes(benchmark::State& state) const {
    state.SetBytesProcessed(
        static_cast<std::int64_t>(state.iterations() * std::filesystem::file_size(file())));
  }
  record::RunFolder run;

 private:
  void write(const std::string& header) const {
    record::CsvWriter writer(os::Fd::open(file(), O_WRONLY | O_CREAT | O_TRUNC, 0600), file(), header);
    std::size_t bytes = 0;
    for (int sample = 0; bytes < kFileBytes; ++sample)
      bytes += write_row(writer, sample, "measure", sample == 0);
    write_row(writer, 0, "done", true);
    writer.flush();
  }
  /// About how many bytes it has.
  static std::size_t write_row(record::CsvWriter& writer, int sample, const char* phase, bool edge) {
    writer.field(1).field(phase).field(0).field(0.1 * sample);
    std::size_t bytes = 24;
    for (int column = 0; column < kColumns; ++column) {
      const bool read = edge || column >= kDear || sample % 10 == 0;
      if (!read)
        writer.field("");
      else if (column % 16 == 0)
        writer.field(1.0 / (sample + column + 1));
      else
        writer.field(static_cast<std::uint64_t>(column) * 4711 + static_cast<std::uint64_t>(sample));
      bytes += read ? 8 : 1;
    }
    writer.end_row();
    if (sample % 100 == 0) writer.flush();
    return bytes;
  }
};

void split(benchmark::State& state, const LongRun& run) {
  for (auto _ : state) {
    record::CsvReader reader(run.file());
    std::vector<std::string_view> row;
    while (reader.next(row)) benchmark::DoNotOptimize(row.data());
  }
  run.count_bytes(state);
}

void digest(benchmark::State& state, const LongRun& run) {
  for (auto _ : state) benchmark::DoNotOptimize(judge::digest_samples(run.run));
  run.count_bytes(state);
}

/// Every number of every row, which is what the mean of a gauge needs and the growth of a counter doesn't.
void getline_from_chars(benchmark::State& state, const LongRun& run) {
  for (auto _ : state) {
    std::ifstream stream(run.file());
    double sum = 0;
    for (std::string line; std::getline(stream, line);)
      for (std::size_t from = 0, to = 0; to != std::string::npos; from = to + 1) {
        to = line.find(',', from);
        const char* const end = line.data() + (to == std::string::npos ? line.size() : to);
        double value = 0;
        if (std::from_chars(line.data() + from, end, value).ec == std::errc{}) sum += value;
      }
    benchmark::DoNotOptimize(sum);
  }
  run.count_bytes(state);
}
using Reading = void (*)(benchmark::State&, const LongRun&);

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  const auto run = std::make_shared<std::optional<LongRun>>();  // made by the first that needs it
  for (const auto& [by, read] : {std::pair<const char*, Reading>{"split", &split},
                                 {"digest", &digest},
                                 {"getline", &getline_from_chars}})
    catalogue
        .add_one(fmt::format("harness/read_samples/by:{}", by),
                 [read = read, run, scratch = catalogue.scratch()](benchmark::State& state) {
                   if (!*run) run->emplace(scratch);
                   read(state, **run);
                 })
        ->Unit(benchmark::kMillisecond);
});

}  // namespace
}  // namespace tlbstorm::benches
