// SPDX-License-Identifier: Apache-2.0
// Run folders that were never run: their trials have the values that a test says.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::test {

using Values = std::vector<double>;

inline void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

/// A run, as it would be recorded. What a test doesn't change is the same in all of them.
class MadeRun {
 public:
  /// A value for each trial; the first metric says how many trials there are.
  MadeRun& with(const std::string& metric, const std::string& unit, const Values& values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      trials_ += fmt::format("{},{},{},{}\r\n", i + 1, metric, unit, values[i]);
    for (std::size_t i = manifest["trials"].size(); i < values.size(); ++i)
      manifest["trials"].push_back({{"trial", i + 1}, {"outcome", "ok"}, {"valid", true}});
    return *this;
  }
  MadeRun& invalid(std::size_t trial) {
    manifest["trials"][trial - 1]["valid"] = false;
    return *this;
  }
  MadeRun& corrupted(std::size_t trial, int pages) {
    manifest["trials"][trial - 1]["wrong_pages"] = {{"count", pages}, {"first", {"page 7: zero"}}};
    return invalid(trial);
  }
  /// `count` reads of one trial that took `ns`.
  MadeRun& took(int trial, double ns, int count) {
    latency_ += fmt::format("{},read,major,{},{},{}\r\n", trial, ns, ns * 1.0625, count);
    return *this;
  }
  /// Names the run's first own figure, as the plan of its workload does.
  MadeRun& own_figure(const std::string& name, const std::string& better) {
    manifest["plan"]["figures"] = {{{"name", name}, {"unit", "x"}, {"better", better}, {"meaning", ""}}};
    return *this;
  }
  std::filesystem::path write_to(const std::filesystem::path& folder) const {
    write(folder / "run.json", manifest.dump(1));
    write(folder / "trials.csv", "trial,metric,unit,value\r\n" + trials_);
    if (!latency_.empty())
      write(folder / "latency.csv", "trial,access,met,from_ns,to_ns,count\r\n" + latency_);
    return folder;
  }

  nlohmann::ordered_json manifest = nlohmann::ordered_json::parse(R"({
    "schema": 2,
    "tool": {"name": "tlbstorm", "version": "0.1.0",
             "command": ["tlbstorm", "run", "pageout", "--region", "4M", "--output", "somewhere"]},
    "state": "finished", "started": "2026-11-21T07:39:57Z",
    "plan": {"workload": "pageout", "pacing": "rounds", "parameters": {"pages": "clean-file", "region": "4M"},
             "sizes": ["region"], "figures": [], "trials": 5, "warmup_seconds": 0.001, "duration_seconds": null,
             "timeout_seconds": 60.0, "workers": 2, "mode": "threads", "placement": "compact", "cpus": [0, 1],
             "memory_limit_bytes": null, "settings": {}, "probes": ["interrupts", "vmstat"], "seed": 1,
             "label": "", "output": "somewhere", "notes": []},
    "machine": {"kernel_release": "6.18.1", "kernel_version": "#1 SMP", "architecture": "x86_64",
                "cpu_model": "AMD EPYC", "microcode": "0x1", "hypervisor": "KVM", "memory_total": "23.5 GiB",
                "cmdline": "quiet", "thp": "madvise"},
    "flush": {"text": "by IPI"}, "topology": "2 CPUs, 1 socket, 1 NUMA node", "memory_bytes": 25276510208,
    "columns": [], "absent_probes": [], "trials": []})");

 private:
  std::string trials_, latency_;
};

/// A run of one metric.
inline MadeRun run_of(const std::string& metric, const std::string& unit, const Values& values) {
  return MadeRun().with(metric, unit, values);
}
inline MadeRun run_of_ipis(const Values& values) { return run_of("ipis_per_page", "IPIs/page", values); }

/// Values spread evenly around a middle, in an order without a trend: multiples of the golden ratio.
inline Values around(double middle, std::size_t count = 6, double spread = 0.004) {
  Values values;
  for (std::size_t i = 1; i <= count; ++i)
    values.push_back(middle * (1 + spread * (std::fmod(0.618034 * static_cast<double>(i), 1) - 0.5)));
  return values;
}

/// A folder to write runs to, and the exact words of an error.
class MadeRunsTest : public ::testing::Test {
 protected:
  std::filesystem::path put(const std::string& name, const MadeRun& run) const {
    return run.write_to(folder_.path() / name);
  }
  /// A sweep or suite, or the runs of `tlbstorm ab`: entries by value, named after it.
  std::filesystem::path put_batch(const std::string& name, const std::string& kind, const std::string& of,
                                  const std::vector<std::pair<std::string, MadeRun>>& runs) const {
    nlohmann::ordered_json batch{{"schema", 2}, {"kind", kind}, {"name", of}, {"about", ""}};
    batch["entries"] = nlohmann::ordered_json::array();
    std::map<std::string, int> numbers;
    for (const auto& [value, run] : runs) {
      const std::string entry = kind == "ab" ? fmt::format("{}-{:03}", value, ++numbers[value]) : value;
      batch["entries"].push_back(
          {{"name", entry}, {"value", kind == "suite" ? "" : value}, {"state", "finished"}});
      if (!run.manifest["trials"].empty()) run.write_to(folder_.path() / name / entry);
    }
    write(folder_.path() / name / "batch.json", batch.dump(1));
    return folder_.path() / name;
  }
  /// What the error says and, in a line of its own, its hint, with the folder's name taken out; empty when
  /// there is none.
  template <typename Body>
  std::string complaint(Body body) const {
    try {
      body();
    } catch (const os::Error& error) {
      std::string text =
          error.hint().empty() ? error.what() : fmt::format("{}\n{}", error.what(), error.hint());
      for (std::size_t at = 0; (at = text.find(folder_.path().native() + "/")) != std::string::npos;)
        text.erase(at, folder_.path().native().size() + 1);
      return text;
    }
    return "";
  }
  const TemporaryFolder folder_;
};

}  // namespace tlbstorm::test
