// SPDX-License-Identifier: Apache-2.0
// Reads what a program of Google Benchmark wrote with --benchmark_out or --benchmark_format=json, as if it
// were a run: repetitions are its trials.
#pragma once

#include <filesystem>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::record {

/// What stands in the place of the workload.
inline constexpr const char* kBenchmark = "benchmark";

/// What the label of a repetition begins with that other load spoilt.
inline constexpr const char* kSpoilt = "spoilt: ";

/// Whether it is a file, and JSON by its first character; reading it tells whether it is a benchmark's.
bool is_benchmark_file(const std::filesystem::path& file);

/// Series are named <run_name>/<counter>; real_time and cpu_time are in ns whatever the file's time_unit, so
/// that two files can be compared. All trials are valid: repetitions that failed or are spoilt are left out,
/// and remarked.
/// The manifest's machine is what the context says of it. Throws os::Error with
/// the path when it is none, is damaged, or holds aggregates only.
RunFolder read_benchmark(const std::filesystem::path& file);

}  // namespace tlbstorm::record
