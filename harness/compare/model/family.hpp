// SPDX-License-Identifier: Apache-2.0
// What a model is made of: runs of one workload, or the instances of one benchmark, each with its parameters
// and with what its trials measured.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::compare {

/// One run, or one benchmark with its arguments, of which the repetitions are the trials.
struct Observed {
  std::string name;                               ///< "workers=2", "sharers:1/pages:64", a folder
  std::string from;                               ///< the path that it was read from
  std::map<std::string, std::string> parameters;  ///< as text; sizes and times with their unit
  std::vector<record::Series> series;             ///< of valid trials only
  int trials = 0, valid = 0;
  record::RunManifest manifest;

  const record::Series* find(const std::string& metric) const;
};

struct Family {
  std::string name;  ///< the workload, or the benchmark's name without its arguments
  std::vector<Observed> runs;
  std::set<std::string> swept;             ///< the options that the sweeps among them swept
  std::vector<std::string> usual_metrics;  ///< what is asked for when the user doesn't say

  /// All that any of the runs has, in their order.
  std::vector<std::string> metrics() const;
  /// Of a parameter that every run has, the values run by run; empty where one has it not.
  std::vector<std::string> values(const std::string& parameter) const;
  /// The parameters of any run.
  std::set<std::string> parameters() const;
};

struct Families {
  std::vector<Family> families;
  std::vector<std::string> notes;  ///< what is odd about the files, and runs that were not made
};

/// Reads run folders, the folders of sweeps, suites and `tlbstorm ab`, and what Google Benchmark wrote with
/// --benchmark_out. Throws os::Error when there is none, or one is damaged.
Families read_families(const std::vector<std::filesystem::path>& paths);

/// A benchmark's name taken apart: "pageout/dirty/sharers:2/pages:64/real_time" is the family "pageout/dirty"
/// with sharers and pages; arguments without a name are arg1, arg2 ...; what only says how it was measured
/// (real_time, iterations:9) belongs to neither.
struct BenchmarkName {
  std::string family, instance;
  std::map<std::string, std::string> arguments;
};
BenchmarkName take_apart(const std::string& name);

}  // namespace tlbstorm::compare
