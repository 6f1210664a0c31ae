// SPDX-License-Identifier: Apache-2.0
// The microbenchmarks on the real kernel: what they count is what the kernel does.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <thread>

#include "harness/os/process.hpp"
#include "harness/record/benchmark_json.hpp"
#include "harness/trial/worker.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using ::testing::HasSubstr;

/// What a file of results has: as `compare` and `model` read it.
class Results {
 public:
  explicit Results(record::RunFolder file) : file_(std::move(file)) {}

  /// A counter's values by benchmark, one for each repetition, in ascending order.
  std::map<std::string, std::vector<double>> all(const std::string& counter) const {
    std::map<std::string, std::vector<double>> found;
    for (const record::Series& series : file_.series)
      if (series.metric.ends_with("/" + counter))
        found[series.metric.substr(0, series.metric.size() - counter.size() - 1)] =
            file_.values(series.metric);
    return found;
  }
  /// Of one benchmark; never empty, NaN when it is not there.
  std::vector<double> of(const std::string& name, const std::string& counter) const {
    const std::vector<double> found = file_.values(name + "/real_time/" + counter);
    return found.empty() ? std::vector{std::numeric_limits<double>::quiet_NaN()} : found;
  }
  const record::RunFolder& file() const { return file_; }

 private:
  record::RunFolder file_;
};

/// From the least to the most, of the most.
double spread(const std::vector<double>& of) { return (of.back() - of.front()) / of.back(); }

class Benches : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string(TLBSTORM_BENCH_BINARY).empty()) GTEST_SKIP() << "built without the microbenchmarks";
  }
  /// Figures of sharers need a CPU for them, and operations shorter than their turns.
  std::string why_no_sharers() const {
    if (online_cpus() < 2) return "one CPU: no shootdown is possible";
    return is_emulated() ? "an emulated operation takes longer than a sharer keeps its CPU" : "";
  }

  Finished bench(const std::vector<std::string>& words) {
    const std::set<std::filesystem::path> before = temporary();
    const Finished done = place_.run(words, Program::bench);
    EXPECT_EQ(place_.leftovers(), "");
    EXPECT_EQ(temporary(), before) << "a temporary file is left";
    return done;
  }
  /// The file that the benchmarks of a name write.
  std::string write(const std::string& filter, int repetitions, const std::string& time = "0.02") {
    std::string file = place_.path() / fmt::format("{}.json", ++files_);
    const Finished done = bench({"--benchmark_filter=" + filter, "--benchmark_min_time=" + time,
                                 "--benchmark_out=" + file, "--benchmark_out_format=json",
                                 fmt::format("--benchmark_repetitions={}", repetitions), "--swap=" + swap()});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.out.find("ERROR"), std::string::npos) << done.out;
    return file;
  }
  Results run(const std::string& filter, int repetitions = 3) {
    return Results(record::read_benchmark(write(filter, repetitions)));
  }
  /// Of its own, whatever the machine has: sparing a disk, and to see it taken down.
  static std::string swap() { return is_root() ? "zram:64M" : ""; }
  static std::set<std::filesystem::path> temporary() {
    std::set<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path()))
      if (entry.path().filename().native().starts_with("tlbstorm-bench")) found.insert(entry.path());
    return found;
  }

  static bool has_second_thread(pid_t pid) {
    const std::filesystem::directory_iterator tasks(fmt::format("/proc/{}/task", pid));
    return std::distance(begin(tasks), end(tasks)) > 1;
  }
  static bool has_event(pid_t pid) {
    const std::filesystem::directory_iterator files(fmt::format("/proc/{}/fd", pid));
    return std::any_of(begin(files), end(files), [](const auto& file) {
      std::error_code gone;
      return std::filesystem::read_symlink(file, gone).native().ends_with("[perf_event]");
    });
  }

  Workplace place_;
  int files_ = 0;
};

TEST_F(Benches, EachRuns) {
  if (is_emulated()) GTEST_SKIP() << "an emulated machine takes seconds for a single operation of some";
  const Results results(record::read_benchmark(write(".", 1, "0.001")));
  EXPECT_GE(results.all("real_time").size() + results.file().remarks.size(), 60u);
  for (const std::string& remark : results.file().remarks) EXPECT_THAT(remark, HasSubstr("spoilt: "));
}

/// A program that has precedence over everything on the CPUs of the benchmarks, for most of the time.
TEST_F(Benches, RepetitionThatOtherLoadSpoiltIsMarkedAndNotCompared) {
  if (const std::string why = why_no_sharers(); !why.empty()) GTEST_SKIP() << why;
  if (!is_root()) GTEST_SKIP() << "not root: no precedence";
  const Finished began = place_.shell(
      "chrt -f 1 timeout 20 bash -c 'while :; do for ((i = 0; i < 30000; i++)); do :; done; sleep 0.01; "
      "done' "
      ">/dev/null 2>&1 & echo $!");
  const std::string file =
      write("^(dontneed/anon/sharers:1/pages:1/|scale/mprotect/mode:threads.*threads:2)", 1, "0.5");
  place_.shell("kill " + began.out);
  const Finished compared = place_.run({"compare", file, file});
  EXPECT_NE(compared.code, 0);
  EXPECT_THAT(compared.err, HasSubstr("every benchmark in it failed or is spoilt"));
  const std::string text = text_of(file), label = "\"label\": \"spoilt: ";
  EXPECT_NE(text.find(label), text.rfind(label)) << "one of the two is not marked: " << text;
}

// The counters see the whole machine, so the best repetition is the one without others' shootdowns.
TEST_F(Benches, WithoutSharersNobodyIsInterrupted) {
  const auto found = run("/sharers:0/pages:(1|64)/", 5).all("ipis_per_op");
  EXPECT_GE(found.size(), 16u);
  for (const auto& [name, ipis] : found) EXPECT_LT(ipis.front(), 0.01) << name;
}

struct Expected {
  const char* operation;
  double flushes;  ///< of an operation on one page, as sent
};
constexpr std::array kFlushing{
    Expected{"mprotect/anon", 2}, Expected{"munmap/anon", 1}, Expected{"dontneed/anon", 1},
    Expected{"free/anon", 1},     Expected{"mremap/anon", 2}, Expected{"copy_on_write/anon", 1},
};

TEST_F(Benches, ASharerIsInterruptedByEachFlush) {
  if (const std::string why = why_no_sharers(); !why.empty()) GTEST_SKIP() << why;
  const Results results = run("/anon/sharers:1/pages:1/", 5);
  for (const Expected& expected : kFlushing) {
    const std::string name = std::string(expected.operation) + "/sharers:1/pages:1";
    const std::vector<double> ipis = results.of(name, "ipis_per_op");
    EXPECT_GE(ipis[ipis.size() / 2], 0.9 * expected.flushes) << name;
    EXPECT_LE(ipis.front(), 1.1 * expected.flushes) << name;
    if (is_root()) {
      EXPECT_NEAR(results.of(name, "flushes_sent_per_op").front(), expected.flushes, 0.05) << name;
    }
    EXPECT_GT(results.of(name, "ns_per_op").front(), 100) << name;
    EXPECT_EQ(results.of(name, "ns_per_op"), results.of(name, "ns_per_page")) << name;
    EXPECT_GT(results.of(name, "sharers_on_cpu").back(), 0.5) << name;
  }
  EXPECT_GE(results.of("fork/anon/sharers:1/pages:1", "ipis_per_op").front(), 0.9);
}

TEST_F(Benches, ALargerBatchLowersTheInterruptsOfAPage) {
  if (const std::string why = why_no_sharers(); !why.empty()) GTEST_SKIP() << why;
  const Results results =
      run("^(mprotect|munmap|dontneed|free|mremap|pageout)/(anon|clean_file)/sharers:1/pages");
  for (const char* const operation :
       {"mprotect/anon", "munmap/anon", "dontneed/anon", "free/anon", "mremap/anon", "pageout/clean_file"}) {
    const auto per_page = [&](int pages) {
      return results.of(fmt::format("{}/sharers:1/pages:{}", operation, pages), "ipis_per_page").front();
    };
    EXPECT_LT(per_page(64), per_page(1) / 8) << operation;
    EXPECT_LT(per_page(512), per_page(64)) << operation;
  }
}

TEST_F(Benches, FaultsFlushNothingAndFaultAroundSavesThem) {
  const Results results = run("^fault/.*/sharers:0/pages:64/");
  const auto ipis = results.all("ipis_per_op"), faults = results.all("faults_per_page");
  EXPECT_GE(ipis.size(), 2u);
  for (const auto& [name, of] : ipis) EXPECT_LT(of.front(), 0.01) << name;
  for (const auto& [name, of] : faults)
    EXPECT_NEAR(of.front(), name.starts_with("fault/file/") ? 1.0 / 16 : 1.0, 0.05) << name;
  EXPECT_TRUE(faults.contains("fault/anon/sharers:0/pages:64/real_time"));
  EXPECT_TRUE(faults.contains("fault/file/sharers:0/pages:64/real_time"));
}

/// A program that always has something to compute.
os::Child busy_program() {
  return os::Child::fork(true, [] {
    for (;;) trial::relax();
    return 0;
  });
}

TEST_F(Benches, CountersRepeatBesideOtherLoad) {
  if (const std::string why = why_no_sharers(); !why.empty()) GTEST_SKIP() << why;
  if (!is_root()) GTEST_SKIP() << "not root: no swap of its own, and no precedence over other programs";
  const os::Child one = busy_program(), other = busy_program(), third = busy_program();
  const auto found = Results(record::read_benchmark(
                                 write("^pageout/dirty_anon/sharers:1/pages:[0-9]+/real_time", 10, "0.1")))
                         .all("ipis_per_page");
  EXPECT_EQ(found.size(), 3u);
  for (const auto& [name, ipis] : found) {
    EXPECT_EQ(ipis.size(), 10u) << name;
    EXPECT_LT(spread(ipis), 0.02) << name << ": " << ::testing::PrintToString(ipis);
  }
}

TEST_F(Benches, ThreadsScaleWorseThanProcesses) {
  if (const std::string why = why_no_sharers(); !why.empty()) GTEST_SKIP() << why;
  const Results results = run("^scale/dontneed/.*threads:2");
  const auto ipis = results.all("ipis_per_op"), efficiency = results.all("efficiency");
  const std::string threads = "scale/dontneed/mode:threads/real_time/threads:2",
                    processes = "scale/dontneed/mode:processes/real_time/threads:2";
  ASSERT_TRUE(ipis.contains(threads) && ipis.contains(processes));
  EXPECT_GT(ipis.at(threads).front(), 0.5);
  EXPECT_LT(ipis.at(processes).front(), 0.01);
  EXPECT_LT(efficiency.at(threads).back(), efficiency.at(processes).front());
}

// An enabled tracepoint costs each flush of the machine, whoever counts it.
TEST_F(Benches, NoFlushIsTracedForABenchmarkThatCountsNone) {
  if (!std::filesystem::exists("/sys/kernel/tracing/events/tlb/tlb_flush")) GTEST_SKIP() << "no tracepoint";
  if (!is_root()) GTEST_SKIP() << "not root: no flush is traced at all";
  const auto comes_to_run = [&](const std::string& filter, bool traced) {
    const pid_t pid =
        place_.start({"--benchmark_filter=" + filter, "--benchmark_min_time=60"}, Program::bench);
    const bool came = eventually([&] {
      const std::vector<pid_t> below = descendants(pid);
      return !below.empty() && has_second_thread(below.front()) && has_event(below.front()) == traced;
    });
    ::kill(pid, SIGTERM);
    place_.finish(pid);
    return came;
  };
  EXPECT_TRUE(comes_to_run("dontneed/anon/sharers:1/pages:1/", true));
  EXPECT_TRUE(comes_to_run("scale/dontneed/mode:threads/real_time/threads:2", false));
}

TEST_F(Benches, CompareAndModelReadWhatTheyWrite) {
  if (const std::string why = why_no_sharers(); !why.empty()) GTEST_SKIP() << why;
  const std::string base = write("^dontneed/anon/", 5), again = write("^dontneed/anon/", 5);
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
  const char* const filter =
      "--benchmark_filter=dontneed/anon/sharers:0/pages:1/|scale/dontneed/mode:threads/real_time/threads:1|"
      "harness/(read_clock|access|parse_interrupts/by:(probe|bare_read)/cpus:128)";
  const Finished done = bench({filter, "--benchmark_min_time=0.001", "--benchmark_format=csv",
                               "--benchmark_out=" + file, "--benchmark_out_format=csv"});
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
  for (const char* const filter : {"pageout/dirty_anon/sharers:0/pages:64", "fork/anon/sharers:0/pages:64"})
    for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
      const bool swaps = std::string(filter).starts_with("pageout");
      const std::set<std::filesystem::path> before = temporary();
      const pid_t pid = place_.start(
          {std::string("--benchmark_filter=") + filter, "--benchmark_min_time=60", "--swap=zram:64M"},
          Program::bench);
      EXPECT_TRUE(
          eventually([&] { return swaps ? !place_.leftovers().empty() : !descendants(pid).empty(); }));
      if (!swaps) std::this_thread::sleep_for(std::chrono::seconds{1});  // until it forks
      const std::vector<pid_t> below = descendants(pid);  // the first leads the group of all that come and go
      ASSERT_FALSE(below.empty());
      ::kill(pid, signal);
      EXPECT_EQ(place_.finish(pid).code, 128 + signal);
      EXPECT_TRUE(eventually([&] { return ::kill(-below.front(), 0) != 0; })) << "a process is left";
      if (signal == SIGKILL) {
        EXPECT_EQ(place_.run({"--benchmark_filter=read_clock"}, Program::bench).code, 0)
            << "the next run undoes what is left";
      }
      EXPECT_EQ(place_.leftovers(), "") << filter << " after signal " << signal;
      EXPECT_EQ(temporary(), before) << filter << " after signal " << signal;
    }
}

TEST_F(Benches, WhatCannotRunIsNamedWithItsReason) {
  if (std::filesystem::exists("/sys/devices/system/node/node1"))
    GTEST_SKIP() << "this machine has two NUMA nodes";
  const Finished done = bench({"--benchmark_filter=^migrate/"});
  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("migrate/anon can't run on this machine: this machine has one NUMA node"),
            std::string::npos)
      << done.err;
  const record::RunManifest context = run("^dontneed/anon/sharers:0/pages:1/", 1).file().manifest;
  EXPECT_EQ(context.fact("skipped migrate/anon"), "this machine has one NUMA node");
  EXPECT_NE(context.fact("kernel_release", ""), "");
  EXPECT_NE(context.fact("flush_method", ""), "");
}

TEST_F(Benches, OptionsThatCannotBeAreRefusedBeforeAnythingRuns) {
  const Finished done = bench({"--swap=zram:nonsense"});
  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("--swap zram:nonsense: 'nonsense': not a size"), std::string::npos) << done.err;
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(bench({"--no-such-option"}).code, 2);
}

TEST_F(Benches, OptionsOfTheLibraryAreTakenFromTheEnvironmentToo) {
  ::setenv("BENCHMARK_FORMAT", "csv", 1);
  const Finished done = bench({"--benchmark_filter=read_clock|dontneed/anon/sharers:0/pages:1/"});
  ::unsetenv("BENCHMARK_FORMAT");
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.out.find("name,iterations"), std::string::npos) << done.out;
}

}  // namespace
}  // namespace tlbstorm::test
