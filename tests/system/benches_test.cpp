// SPDX-License-Identifier: Apache-2.0
// The microbenchmarks on the real kernel: what they count is what the kernel does.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "harness/os/process.hpp"
#include "harness/trial/worker.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using nlohmann::json;

/// A counter's values by the benchmark's name, one for each repetition.
using Values = std::map<std::string, std::vector<double>>;

Values values(const json& results, const std::string& counter) {
  Values all;
  for (const json& one : results["benchmarks"]) {
    if (one["run_type"] != "iteration") continue;
    EXPECT_FALSE(one.contains("error_message")) << one["name"] << ": " << one["error_message"];
    if (one.contains(counter) && one[counter].is_number()) all[one["run_name"]].push_back(one[counter]);
  }
  return all;
}

double least(const std::vector<double>& of) { return *std::min_element(of.begin(), of.end()); }

/// Largest and smallest, of the largest.
double spread(const std::vector<double>& of) {
  const auto [low, high] = std::minmax_element(of.begin(), of.end());
  return (*high - *low) / *high;
}

/// Google Benchmark writes the spread of counters that are all zero as NaN, which JSON has not.
json without_nan(std::string text) {
  constexpr std::string_view kNan = ": NaN";
  for (std::size_t at = 0; (at = text.find(kNan, at)) != std::string::npos;)
    text.replace(at, kNan.size(), ": null");
  return json::parse(text);
}

class Benches : public ::testing::Test {
 protected:
  void SetUp() override {
    if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
    if (is_emulated()) GTEST_SKIP() << "an emulated operation takes longer than a sharer keeps its CPU";
    if (std::string(TLBSTORM_BENCH_BINARY).empty()) GTEST_SKIP() << "built without the microbenchmarks";
  }

  /// What the benchmarks of a name wrote.
  json run(const std::string& filter, int repetitions = 3) {
    const std::string file = write(filter, repetitions);
    return file.empty() ? json{{"benchmarks", json::array()}} : without_nan(text_of(file));
  }
  std::string write(const std::string& filter, int repetitions) {
    std::string file = place_.path() / fmt::format("{}.json", ++files_);
    const Finished done =
        place_.run({"--benchmark_filter=" + filter, "--benchmark_min_time=0.02", "--benchmark_out=" + file,
                    "--benchmark_out_format=json", fmt::format("--benchmark_repetitions={}", repetitions)},
                   Program::bench);
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(place_.leftovers(), "");
    return done.code == 0 ? file : "";
  }

  Workplace place_;
  int files_ = 0;
};

// The counters see the whole machine, so the best repetition is the one without others' shootdowns.
TEST_F(Benches, WithoutSharersNobodyIsInterrupted) {
  const Values found = values(run("/sharers:0/pages:(1|64)/", 5), "ipis_per_op");
  EXPECT_GE(found.size(), 16u);
  for (const auto& [name, ipis] : found) EXPECT_LT(least(ipis), 0.01) << name;
}

TEST_F(Benches, ASharerIsInterruptedByEachFlush) {
  const Values found =
      values(run("^(mprotect|munmap|dontneed|free|mremap|copy_on_write|fork)/anon/sharers:1/pages:1/"),
             "ipis_per_op");
  EXPECT_EQ(found.size(), 7u);
  for (const auto& [name, ipis] : found) EXPECT_GE(least(ipis), 0.9) << name;
}

TEST_F(Benches, ALargerBatchLowersTheInterruptsOfAPage) {
  const std::string operations =
      "mprotect/anon munmap/anon dontneed/anon free/anon mremap/anon pageout/clean_file";
  Values found =
      values(run("^(mprotect|munmap|dontneed|free|mremap|pageout)/(anon|clean_file)/sharers:1/pages"),
             "ipis_per_page");
  for (std::size_t at = 0; at < operations.size(); at = operations.find(' ', at) + 1) {
    const std::string name = operations.substr(at, operations.find(' ', at) - at);
    const auto of = [&](int pages) {
      const auto& one = found[fmt::format("{}/sharers:1/pages:{}/real_time", name, pages)];
      return one.empty() ? std::numeric_limits<double>::quiet_NaN() : least(one);
    };
    EXPECT_LT(of(64), of(1) / 8) << name;
    EXPECT_LT(of(512), of(64)) << name;
    if (operations.find(' ', at) == std::string::npos) break;
  }
}

TEST_F(Benches, FaultsFlushNothingAndFaultAroundSavesThem) {
  const json results = run("^fault/.*/sharers:1/pages:64/");
  for (const auto& [name, ipis] : values(results, "ipis_per_op")) EXPECT_LT(least(ipis), 0.01) << name;
  const Values faults = values(results, "faults_per_page");
  for (const auto& [name, per_page] : faults) {
    const bool around = name.starts_with("fault/file/");
    EXPECT_NEAR(per_page.front(), around ? 1.0 / 16 : 1.0, 0.05) << name;
  }
  EXPECT_TRUE(faults.contains("fault/anon/sharers:1/pages:64/real_time"));
  EXPECT_TRUE(faults.contains("fault/file/sharers:1/pages:64/real_time"));
}

/// A program that always has something to compute.
os::Child busy_program() {
  return os::Child::fork(true, [] {
    for (;;) trial::relax();
    return 0;
  });
}

TEST_F(Benches, CountersRepeatBesideOtherLoad) {
  if (!is_root()) GTEST_SKIP() << "not root: no swap of its own, and no precedence over other programs";
  const os::Child one = busy_program(), other = busy_program(), third = busy_program();
  const Values found = values(run("^pageout/dirty_anon/sharers:1/", 10), "ipis_per_page");
  EXPECT_EQ(found.size(), 3u);
  for (const auto& [name, ipis] : found) {
    EXPECT_EQ(ipis.size(), 10u) << name;
    EXPECT_LT(spread(ipis), 0.02) << name;
  }
}

TEST_F(Benches, ThreadsScaleWorseThanProcesses) {
  const json results = run("^scale/dontneed/.*threads:2");
  Values ipis = values(results, "ipis_per_op"), efficiency = values(results, "efficiency");
  const std::string threads = "scale/dontneed/mode:threads/real_time/threads:2",
                    processes = "scale/dontneed/mode:processes/real_time/threads:2";
  ASSERT_EQ(ipis[threads].size(), 3u);
  ASSERT_EQ(ipis[processes].size(), 3u);
  EXPECT_GT(least(ipis[threads]), 0.5);
  EXPECT_LT(least(ipis[processes]), 0.01);
  EXPECT_LT(least(efficiency[threads]), least(efficiency[processes]));
}

TEST_F(Benches, CompareAndModelReadWhatTheyWrite) {
  const std::string base = write("^dontneed/anon/", 5), again = write("^dontneed/anon/", 5);
  ASSERT_FALSE(base.empty() || again.empty());
  const Finished compared = place_.run({"compare", base, again});
  EXPECT_EQ(compared.code, 0) << compared.err;
  EXPECT_NE(compared.out.find("dontneed/anon/sharers:1/pages:64/real_time/ipis_per_op"), std::string::npos)
      << compared.out;
  const Finished modelled =
      place_.run({"model", base, again, "--of", "ipis_per_op", "--by", "sharers,pages", "--format", "json"});
  ASSERT_EQ(modelled.code, 0) << modelled.err;
  EXPECT_NE(modelled.out.find("dontneed/anon"), std::string::npos) << modelled.out;
}

TEST_F(Benches, CsvHasAColumnForEveryCounter) {
  const std::string file = place_.path() / "benches.csv";
  const Finished done = place_.run(
      {"--benchmark_filter=dontneed/anon/sharers:1/pages:1/|scale/dontneed/mode:threads/real_time/threads:1|"
       "harness/(read_clock|access|parse_interrupts/by:(probe|bare_read)/cpus:128)",
       "--benchmark_min_time=0.001", "--benchmark_format=csv", "--benchmark_out=" + file,
       "--benchmark_out_format=csv"},
      Program::bench);
  EXPECT_EQ(done.code, 0) << done.err;
  const auto commas = [](std::string_view line) { return std::count(line.begin(), line.end(), ','); };
  for (const std::string& text : {done.out, text_of(file)}) {
    std::istringstream lines(text.substr(text.find("name,iterations")));
    std::string header;
    std::getline(lines, header);
    EXPECT_NE(header.find("\"ipis_per_op\""), std::string::npos) << header;
    int rows = 0;
    for (std::string line; std::getline(lines, line); ++rows) EXPECT_EQ(commas(line), commas(header)) << line;
    EXPECT_GE(rows, 10);
  }
}

TEST_F(Benches, AnInterruptedRunLeavesNothingBehind) {
  if (!is_root()) GTEST_SKIP() << "not root: no swap of its own";
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    const pid_t pid =
        place_.start({"--benchmark_filter=pageout/dirty_anon/sharers:1/pages:64", "--benchmark_min_time=60"},
                     Program::bench);
    EXPECT_TRUE(eventually([&] { return place_.leftovers() != ""; })) << "no swap of its own was set up";
    const std::vector<pid_t> below = descendants(pid);
    ::kill(pid, signal);
    EXPECT_EQ(place_.finish(pid).code, 128 + signal);
    EXPECT_TRUE(eventually([&] { return std::none_of(below.begin(), below.end(), &is_alive); }));
    if (signal == SIGKILL) {
      EXPECT_EQ(place_.run({"restore"}).code, 0);
    }
    EXPECT_EQ(place_.leftovers(), "") << "after signal " << signal;
  }
}

TEST_F(Benches, WhatCannotRunIsNamedWithItsReason) {
  if (std::filesystem::exists("/sys/devices/system/node/node1"))
    GTEST_SKIP() << "this machine has two NUMA nodes";
  const Finished done = place_.run({"--benchmark_filter=^migrate/"}, Program::bench);
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("migrate/anon: this machine has one NUMA node"), std::string::npos) << done.err;
  const json results = run("^dontneed/anon/sharers:0/pages:1/", 1);
  EXPECT_EQ(results["context"]["skipped migrate/anon"], "this machine has one NUMA node");
  EXPECT_TRUE(results["context"].contains("kernel_release"));
  EXPECT_TRUE(results["context"].contains("flush_method"));
}

TEST_F(Benches, SwapThatCannotBeIsRefusedBeforeAnythingRuns) {
  const Finished done = place_.run({"--swap=zram:nonsense"}, Program::bench);
  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("--swap nonsense: not a size"), std::string::npos) << done.err;
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(place_.run({"--no-such-option"}, Program::bench).code, 2);
}

}  // namespace
}  // namespace tlbstorm::test
