// SPDX-License-Identifier: Apache-2.0
// How fast is a run folder read? samples.csv of 64 MiB as a long run leaves it: split into fields, digested,
// and, as one would first write it, taken apart with std::getline and std::from_chars.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/record/csv.hpp"
#include "harness/record/sample_digest.hpp"

namespace {

using namespace tlbstorm;

constexpr int kColumns = 300;
constexpr int kDear = 100;  // of these columns belong to probes that are read at each tenth sample
constexpr std::size_t kFileBytes = std::size_t{64} << 20;

/// A run folder in the temporary folder, removed at the end. Every fourth column is a gauge.
class LongRun {
 public:
  LongRun() {
    std::string name = (std::filesystem::temp_directory_path() / "tlbstorm-bench-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    run.path = name;
    run.manifest = {{"columns", nlohmann::ordered_json::array()}, {"trials", {{{"trial", 1}}}}};
    std::string header = "trial,phase,round,seconds";
    for (int column = 0; column < kColumns; ++column) {
      header += fmt::format(",probe.figure{}", column);
      run.manifest["columns"].push_back({{"name", fmt::format("probe.figure{}", column)},
                                         {"unit", "pages"},
                                         {"kind", column % 4 == 0 ? "gauge" : "counter"}});
    }
    write(header);
  }
  LongRun(const LongRun&) = delete;
  LongRun& operator=(const LongRun&) = delete;
  ~LongRun() { std::filesystem::remove_all(run.path); }

  std::filesystem::path file() const { return run.path / "samples.csv"; }
  void count_bytes(benchmark::State& state) const {
    state.SetBytesProcessed(
        static_cast<std::int64_t>(state.iterations() * std::filesystem::file_size(file())));
  }
  record::RunFolder run;

 private:
  void write(const std::string& header) const {
    record::CsvWriter writer(file(), header);
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

const LongRun& long_run() {
  static const LongRun run;
  return run;
}

void split(benchmark::State& state) {
  for (auto _ : state) {
    record::CsvReader reader(long_run().file());
    std::vector<std::string_view> row;
    while (reader.next(row)) benchmark::DoNotOptimize(row.data());
  }
  long_run().count_bytes(state);
}
BENCHMARK(split)->Name("harness/read_samples/by:split")->Unit(benchmark::kMillisecond)->UseRealTime();

void digest(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(record::digest_samples(long_run().run));
  long_run().count_bytes(state);
}
BENCHMARK(digest)->Name("harness/read_samples/by:digest")->Unit(benchmark::kMillisecond)->UseRealTime();

/// Every number of every row, which is what the mean of a gauge needs and the growth of a counter doesn't.
void getline_from_chars(benchmark::State& state) {
  for (auto _ : state) {
    std::ifstream stream(long_run().file());
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
  long_run().count_bytes(state);
}
BENCHMARK(getline_from_chars)
    ->Name("harness/read_samples/by:getline")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
