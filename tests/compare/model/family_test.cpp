// SPDX-License-Identifier: Apache-2.0
// What a model is made of, read from run folders, sweeps and Google Benchmark's files.
#include "harness/compare/model/family.hpp"

#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::MadeRun;
using test::run_of_ipis;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class FamilyTest : public test::MadeRunsTest {};

MadeRun with_workers(int workers, const test::Values& values) {
  MadeRun run = run_of_ipis(values);
  run.manifest["plan"]["workers"] = workers;
  return run;
}

TEST_F(FamilyTest, RunsHaveThePlansParametersUnderTheirOptionsNames) {
  MadeRun run = with_workers(8, {7, 7.5});
  nlohmann::ordered_json& plan = run.manifest["plan"];
  plan["memory_limit_bytes"] = 268435456;
  plan["settings"] = {{"/proc/sys/vm/page-cluster", "3"}};
  plan["parameters"]["region"] = "4194304";
  const Families found = read_families({put("r", run)});
  ASSERT_EQ(found.families.size(), 1u);
  const Family& family = found.families[0];
  EXPECT_EQ(family.name, "pageout");
  const auto& parameters = family.runs.at(0).parameters;
  EXPECT_EQ(parameters.at("workers"), "8");
  EXPECT_EQ(parameters.at("memory"), "268435456B");
  EXPECT_EQ(parameters.at("region"), "4194304B") << "a size, by the manifest's word";
  EXPECT_EQ(parameters.at("vm.page-cluster"), "3");
  EXPECT_EQ(parameters.at("pages"), "clean-file");
  EXPECT_FALSE(parameters.contains("duration")) << "null is none";
  EXPECT_FALSE(parameters.contains("seed"));
}

TEST_F(FamilyTest, OnlyValidTrialsCountAndMetricsWithoutOneAreAbsent) {
  MadeRun run = with_workers(2, {1, 2, 3}).with("ns_per_page", "ns/page", {5});
  run.invalid(1);
  const Families found = read_families({put("r", run)});
  const Observed& one = found.families.at(0).runs.at(0);
  EXPECT_EQ(one.trials, 3);
  EXPECT_EQ(one.valid, 2);
  EXPECT_THAT(one.find("ipis_per_page")->by_trial, ElementsAre(Pair(2, 2), Pair(3, 3)));
  EXPECT_EQ(one.find("ns_per_page"), nullptr);
}

TEST_F(FamilyTest, SweepsAreTheirRunsAndWhatWasNotMadeIsNoted) {
  const auto folder = put_batch(
      "s", "sweep", "workers", {{"1", with_workers(1, {1})}, {"2", with_workers(2, {2})}, {"64", MadeRun()}});
  const Families found = read_families({folder});
  const Family& family = found.families.at(0);
  EXPECT_THAT(family.values("workers"), ElementsAre("1", "2"));
  EXPECT_THAT(family.swept, ElementsAre("workers"));
  EXPECT_THAT(found.notes, ElementsAre("64: finished"));
  EXPECT_THAT(family.values("no-such"), IsEmpty());
}

TEST_F(FamilyTest, WorkloadsAreFamiliesOfTheirOwn) {
  MadeRun other = with_workers(4, {4});
  other.manifest["plan"]["workload"] = "mprotect-storm";
  const Families found =
      read_families({put("a", with_workers(1, {1})), put("b", other), put("c", with_workers(2, {2}))});
  ASSERT_EQ(found.families.size(), 2u);
  EXPECT_EQ(found.families[0].runs.size(), 2u);
  EXPECT_EQ(found.families[1].name, "mprotect-storm");
}

TEST_F(FamilyTest, RunsOfOneNameAreToldByTheirPathsAndTheSameOneTwiceIsRefused) {
  const auto one = put("x/run", with_workers(1, {1})), other = put("y/run", with_workers(2, {1}));
  const Families found = read_families({one, other});
  EXPECT_EQ(found.families.at(0).runs.at(0).name, one.native());
  EXPECT_EQ(complaint([&] {
              read_families({one, other, one});
            }),
            "RUN x/run: given twice\nits trials would count twice: name it once");
}

constexpr const char* kBenchmarks = R"({"context": {"num_cpus": 2}, "benchmarks": [
  {"name": "pageout/dirty/sharers:1/pages:64/real_time", "repetition_index": 0, "real_time": 2, "time_unit": "us", "ns_per_op": 31},
  {"name": "pageout/dirty/sharers:1/pages:64/real_time", "repetition_index": 1, "real_time": 3, "time_unit": "us", "ns_per_op": 32},
  {"name": "pageout/dirty/sharers:2/pages:64/real_time", "repetition_index": 0, "real_time": 4, "time_unit": "us", "ns_per_op": 60},
  {"name": "mean", "run_type": "aggregate", "real_time": 9},
  {"name": "pageout/clean/sharers:1/pages:64/real_time", "error_occurred": true, "error_message": "no"},
  {"name": "read/8", "real_time": 1}]})";

TEST_F(FamilyTest, BenchmarksAreRunsAndTheirRepetitionsTrials) {
  test::write(folder_.path() / "b.json", kBenchmarks);
  const Families found = read_families({folder_.path() / "b.json"});
  ASSERT_EQ(found.families.size(), 2u);
  const Family& family = found.families[0];
  EXPECT_EQ(family.name, "pageout/dirty");
  ASSERT_EQ(family.runs.size(), 2u);
  EXPECT_EQ(family.runs[0].name, "sharers:1/pages:64");
  EXPECT_THAT(family.runs[0].parameters, ElementsAre(Pair("pages", "64"), Pair("sharers", "1")));
  EXPECT_THAT(family.runs[0].find("real_time")->by_trial, ElementsAre(Pair(1, 2000), Pair(2, 3000)));
  EXPECT_THAT(family.runs[0].find("ns_per_op")->by_trial, ElementsAre(Pair(1, 31), Pair(2, 32)));
  EXPECT_EQ(family.runs[0].valid, 2);
  EXPECT_EQ(found.families[1].name, "read");
  EXPECT_THAT(found.families[1].runs.at(0).parameters, ElementsAre(Pair("arg1", "8")));
  EXPECT_THAT(found.notes, ElementsAre("pageout/clean/sharers:1/pages:64/real_time: left out: no"));
}

TEST_F(FamilyTest, TheSameBenchmarksOfTwoFilesAreRunsOfTheirOwn) {
  test::write(folder_.path() / "a.json", kBenchmarks);
  test::write(folder_.path() / "b.json", kBenchmarks);
  const Families found = read_families({folder_.path() / "a.json", folder_.path() / "b.json"});
  ASSERT_EQ(found.families.at(0).runs.size(), 4u);
  EXPECT_EQ(found.families[0].runs[2].name,
            fmt::format("sharers:1/pages:64 of {}", (folder_.path() / "b.json").native()));
}

TEST_F(FamilyTest, DamageIsToldWithTheFile) {
  const auto run = put("r", with_workers(1, {1}));
  test::write(run / "trials.csv", "trial,metric,unit,value\r\n1,ipis_per_page,IPIs/page,many\r\n");
  EXPECT_EQ(complaint([&] { read_families({run}); }), "r/trials.csv:2: 'many' is not a number");
}

TEST(BenchmarkName, IsTakenApart) {
  const auto family = [](const std::string& name) { return take_apart(name).family; };
  EXPECT_EQ(family("a/b/sharers:2/pages:64/real_time"), "a/b");
  EXPECT_EQ(family("a/op:munmap/pages:64/iterations:9/repeats:5/process_time/real_time"), "a/op:munmap");
  EXPECT_EQ(family("plain"), "plain");
  EXPECT_EQ(family("512"), "512") << "a name, where there is no other";
  EXPECT_THAT(take_apart("a/8/16/threads:2").arguments,
              ElementsAre(Pair("arg1", "8"), Pair("arg2", "16"), Pair("threads", "2")));
  EXPECT_THAT(take_apart("a/min_time:0.500").arguments, IsEmpty());
  EXPECT_EQ(family("a//b"), "a//b");
}

}  // namespace
}  // namespace tlbstorm::compare
