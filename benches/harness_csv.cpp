// SPDX-License-Identifier: Apache-2.0
// What does a row of samples.csv cost to write? 300 columns, of which every sixteenth has a fraction, as
// CsvWriter, fprintf and an ofstream write them. To /dev/null: what a disk takes is not theirs.
#include <benchmark/benchmark.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <memory>

#include "harness/record/csv_writer.hpp"

namespace {

using namespace tlbstorm;

constexpr int kColumns = 300;

std::uint64_t whole(int column) { return static_cast<std::uint64_t>(column) * 4711; }
double fraction(int column) { return 1.0 / (column + 3); }
bool has_fraction(int column) { return column % 16 == 0; }

constexpr const char* kNowhere = "/dev/null";

void csv_writer(benchmark::State& state) {
  record::CsvWriter writer(os::Fd::open(kNowhere, O_WRONLY), kNowhere, "header");
  for (auto _ : state) {
    for (int column = 0; column < kColumns; ++column)
      if (has_fraction(column))
        writer.field(fraction(column));
      else
        writer.field(whole(column));
    writer.end_row();
    writer.flush();
  }
}

void by_fprintf(benchmark::State& state) {
  const std::unique_ptr<FILE, int (*)(FILE*)> stream(std::fopen(kNowhere, "w"), &std::fclose);
  for (auto _ : state) {
    for (int column = 0; column < kColumns; ++column)
      if (has_fraction(column))
        std::fprintf(stream.get(), "%.17g,", fraction(column));
      else
        std::fprintf(stream.get(), "%" PRIu64 ",", whole(column));
    std::fputc('\n', stream.get());
    std::fflush(stream.get());
  }
}

void by_ofstream(benchmark::State& state) {
  std::ofstream stream(kNowhere);
  stream.precision(17);
  for (auto _ : state) {
    for (int column = 0; column < kColumns; ++column)
      if (has_fraction(column))
        stream << fraction(column) << ',';
      else
        stream << whole(column) << ',';
    stream << '\n' << std::flush;
  }
}

BENCHMARK(csv_writer)->Name("harness/write_row/by:csv_writer")->Unit(benchmark::kMicrosecond);
BENCHMARK(by_fprintf)->Name("harness/write_row/by:fprintf")->Unit(benchmark::kMicrosecond);
BENCHMARK(by_ofstream)->Name("harness/write_row/by:ofstream")->Unit(benchmark::kMicrosecond);

}  // namespace
