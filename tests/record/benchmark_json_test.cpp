// SPDX-License-Identifier: Apache-2.0
// Google Benchmark's JSON as a run: repetitions as trials, counters as series, and what is refused.
#include "harness/record/benchmark_json.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/report/summary.hpp"
#include "tests/record/record_test.hpp"

namespace tlbstorm::record {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Pair;

/// As libbenchmark 1.7.1 writes it.
constexpr const char* kContext =
    R"({"date": "2026-01-02T03:04:05+00:00", "host_name": "h", "executable": "./x",
  "num_cpus": 2, "mhz_per_cpu": 2596, "cpu_scaling_enabled": false, "load_avg": [1, 2, 3],
  "caches": [{"type": "Data", "level": 1, "size": 49152, "num_sharing": 1}], "library_build_type": "release"})";

std::string repetition(const std::string& name, int index, const std::string& more) {
  return fmt::format(R"({{"name": "{0}", "family_index": 0, "per_family_instance_index": 0, "run_name": "{0}",
    "run_type": "iteration", "repetitions": 2, "repetition_index": {1}, "threads": 2, "iterations": 10000, {2}}})",
                     name, index, more);
}

class BenchmarkJson : public RecordTest {
 protected:
  std::filesystem::path put_entries(const std::string& entries) const {
    return put("b.json", fmt::format(R"({{"context": {}, "benchmarks": [{}]}})", kContext, entries));
  }
  RunFolder read(const std::string& entries) const { return read_benchmark(put_entries(entries)); }
  std::string complaint_about(const std::string& text) const {
    return complaint([&] { read_benchmark(put("b.json", text)); });
  }
};

TEST_F(BenchmarkJson, RepetitionsAreTrialsAndCountersAreSeries) {
  const std::string name = "flush/loop/real_time/threads:2";
  const RunFolder run = read(
      repetition(name, 1, R"("real_time": 5.5, "cpu_time": 11, "time_unit": "us", "items_per_second": 7)") +
      "," +
      repetition(name, 0,
                 R"("real_time": 5.0, "cpu_time": 10, "time_unit": "us", "items_per_second": 8, "x": 3)"));
  ASSERT_EQ(run.series.size(), 4u);
  EXPECT_EQ(run.series[0].metric, name + "/real_time");
  EXPECT_EQ(run.series[0].unit, "ns");
  EXPECT_THAT(run.series[0].by_trial, ElementsAre(Pair(1, 5000), Pair(2, 5500))) << "whatever the time_unit";
  EXPECT_EQ(run.find(name + "/items_per_second")->unit, "items/s");
  EXPECT_THAT(run.find(name + "/x")->by_trial, ElementsAre(Pair(1, 3)));
  EXPECT_EQ(run.find(name + "/iterations"), nullptr);
  EXPECT_TRUE(run.valid(1) && run.valid(2));
  EXPECT_EQ(run.median(name + "/real_time"), 5250);
  EXPECT_TRUE(run.remarks.empty());
}

TEST_F(BenchmarkJson, ManifestHasTheMachineOfTheContext) {
  const RunFolder run = read(repetition("a", 0, R"("real_time": 1, "time_unit": "ns")"));
  EXPECT_EQ(run.manifest.plan.workload, "benchmark");
  EXPECT_THAT(run.manifest.machine,
              ElementsAre(Pair("num_cpus", "2"), Pair("mhz_per_cpu", "2596"),
                          Pair("cpu_scaling_enabled", "false"), Pair("library_build_type", "release")));
  EXPECT_EQ(run.manifest.topology, "2 CPUs");
  EXPECT_EQ(run.manifest.started, "2026-01-02T03:04:05+00:00");
  EXPECT_NE(report::summarise(run).find("a/real_time"), std::string::npos) << "it reads as any run";
}

TEST_F(BenchmarkJson, FailedAndRepeatedOnesAreLeftOutAndRemarked) {
  const RunFolder run =
      read(repetition("bad", 0, R"("error_occurred": true, "error_message": "no disk", "real_time": 0)") +
           "," + repetition("a", 0, R"("real_time": 1, "time_unit": "ns")") + "," +
           repetition("a", 0, R"("real_time": 2, "time_unit": "ns")"));
  ASSERT_EQ(run.series.size(), 1u);
  EXPECT_THAT(run.series[0].by_trial, ElementsAre(Pair(1, 1)));
  EXPECT_THAT(run.remarks, ElementsAre("bad: left out: no disk",
                                       "a: repetition 1 is there twice, the second is left out"));
}

TEST_F(BenchmarkJson, RepetitionsThatOtherLoadSpoiltAreLeftOutAndRemarked) {
  const RunFolder run =
      read(repetition("a", 0, R"("label": "spoilt: it snowed", "real_time": 9, "time_unit": "ns")") + "," +
           repetition("a", 1, R"("label": "as it was meant", "real_time": 2, "time_unit": "ns")"));
  ASSERT_EQ(run.series.size(), 1u);
  EXPECT_THAT(run.series[0].by_trial, ElementsAre(Pair(2, 2)));
  EXPECT_THAT(run.remarks, ElementsAre("a: left out: spoilt: it snowed"));
}

TEST_F(BenchmarkJson, RepetitionsWhoseSharersWereOffTheirCpusAreLeftOut) {
  const RunFolder run =
      read(repetition("a", 0, R"("sharers_on_cpu": 0.18, "real_time": 9, "time_unit": "ns")") + "," +
           repetition("a", 1, R"("sharers_on_cpu": 0.99, "real_time": 2, "time_unit": "ns")"));
  EXPECT_THAT(run.series.at(0).by_trial, ElementsAre(Pair(2, _)));
  EXPECT_THAT(run.remarks, ElementsAre("a: left out: the sharers had their CPUs for 18% of the time"));
}

TEST_F(BenchmarkJson, RepetitionsOfOldVersionsAreCounted) {
  const RunFolder run = read(R"({"name": "a", "real_time": 1}, {"name": "a", "real_time": 2})");
  EXPECT_THAT(run.series.at(0).by_trial, ElementsAre(Pair(1, 1), Pair(2, 2)));
}

TEST_F(BenchmarkJson, AggregatesAloneAreRefusedWithTheRemedy) {
  const std::string mean = R"({"name": "a_mean", "run_name": "a", "run_type": "aggregate", "real_time": 1})";
  EXPECT_EQ(complaint([&] { read(mean); }), "b.json: aggregates only, none of the repetitions behind them");
  EXPECT_EQ(hint([&] { read(mean); }), "leave out --benchmark_report_aggregates_only");
  const RunFolder run = read(mean + "," + repetition("a", 0, R"("real_time": 1)"));
  EXPECT_EQ(run.series.size(), 1u) << "beside repetitions they are skipped";
}

TEST_F(BenchmarkJson, NumbersThatJsonLacksAreAbsent) {
  const std::string cv =
      R"({"name": "a_cv", "run_name": "a", "run_type": "aggregate", "real_time": NaN, "x": -NaN})";
  const RunFolder run =
      read(repetition("NaN \\\"-Infinity", 0, R"("real_time": 1, "x": Infinity, "y": -Infinity)") + "," + cv);
  ASSERT_EQ(run.series.size(), 1u) << "what is no number is absent, not zero";
  EXPECT_EQ(run.series[0].metric, "NaN \"-Infinity/real_time") << "a name may have such words";
}

TEST_F(BenchmarkJson, DamageIsToldWithTheFileAndWhatIsWrong) {
  EXPECT_EQ(complaint_about("{\"context\": {},\n\"benchmarks\": [{\"name\""),
            "b.json:2: damaged, not JSON from here on");
  EXPECT_EQ(complaint_about("{\"benchmarks\": [\n{\"name\": \"a\",\n\"x\": Nothing}]}"),
            "b.json:3: damaged, not JSON from here on");
  EXPECT_EQ(hint([&] { read_benchmark(put("b.json", "{")); }), "it was cut off");
  EXPECT_EQ(complaint_about("{}"), "b.json: no list of benchmarks, not an output of Google Benchmark");
  EXPECT_EQ(complaint_about(R"({"benchmarks": []})"), "b.json: no benchmark in it");
  EXPECT_EQ(complaint_about(R"({"benchmarks": [5]})"), "b.json: damaged, benchmarks[0] is not an object");
  EXPECT_EQ(complaint_about(R"({"benchmarks": [{"name": 5}]})"),
            "b.json: damaged, benchmarks[0] has no name");
  EXPECT_EQ(complaint_about(R"({"benchmarks": [{"name": "a", "repetition_index": -1}]})"),
            "b.json: damaged, benchmarks[0] has no number as repetition_index");
  EXPECT_EQ(complaint_about(R"({"benchmarks": [{"name": "a", "time_unit": "h"}]})"),
            "b.json: damaged, benchmarks[0] has the time_unit 'h'");
  EXPECT_EQ(complaint_about(R"({"benchmarks": [{"name": "a", "time_unit": "s", "real_time": 1e308}]})"),
            "b.json: damaged, benchmarks[0] has a time out of range");
  EXPECT_EQ(complaint_about(R"({"benchmarks": [{"name": "a", "error_occurred": true}]})"),
            "b.json: every benchmark in it failed or is spoilt");
}

TEST_F(BenchmarkJson, IsToldFromAFolderAndOtherFiles) {
  EXPECT_TRUE(is_benchmark_file(put("b.json", " \n{")));
  EXPECT_FALSE(is_benchmark_file(put("x.csv", "trial,metric")));
  EXPECT_FALSE(is_benchmark_file(put("empty", "")));
  EXPECT_FALSE(is_benchmark_file(folder_));
  EXPECT_FALSE(is_benchmark_file(folder_ / "none"));
}

}  // namespace
}  // namespace tlbstorm::record
