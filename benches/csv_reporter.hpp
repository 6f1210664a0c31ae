// SPDX-License-Identifier: Apache-2.0
// Google Benchmark's CSV, for benchmarks that differ in their counters.
#pragma once

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

namespace tlbstorm::benches {

/// The library's reporter makes a column for each counter of the first run that it is given, and ends the
/// program at one that has another (csv_reporter.cc: ReportRuns). Here it gets all columns from the start.
class CsvReporter : public benchmark::BenchmarkReporter {
 public:
  CsvReporter();
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  void write_header();
  std::unique_ptr<benchmark::BenchmarkReporter> library_;
  bool has_header_ = false;
};

}  // namespace tlbstorm::benches
