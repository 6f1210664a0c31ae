// SPDX-License-Identifier: Apache-2.0
// Run folders that are cut off, damaged, tampered with, or none at all.
#include "harness/record/run_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "harness/report/summary.hpp"
#include "tests/record/record_test.hpp"

namespace tlbstorm::record {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class RunFolderTest : public RecordTest {
 protected:
  void put_manifest(const std::string& trials = R"([{"trial": 1, "valid": true}])",
                    const std::string& plan = "{}", const std::string& more = "") const {
    put("run.json", fmt::format(R"({{"schema": 2, "plan": {}, "trials": {}{}}})", plan, trials, more));
  }
  std::string complaint_about_run() const {
    return complaint([&] { read_run(folder_); });
  }
  std::string complaint_about(const std::string& file, const std::string& text) const {
    put(file, text);
    const std::string said = complaint_about_run();
    std::filesystem::remove(folder_ / file);
    return said;
  }
};

TEST_F(RunFolderTest, FolderThatIsNoRunIsRefused) {
  EXPECT_EQ(complaint([&] { read_run(folder_ / "none"); }), "RUN none: No such file or directory");
  EXPECT_EQ(complaint([&] { read_run(put("text", "x")); }),
            "RUN text: neither a run folder nor JSON of Google Benchmark");
  EXPECT_EQ(complaint([&] { read_run("/dev/zero"); }), "RUN /dev/zero: a device, not a run folder");
  std::filesystem::create_symlink("loop", folder_ / "loop");
  EXPECT_EQ(complaint([&] { read_run(folder_ / "loop"); }), "RUN loop: Too many levels of symbolic links");
  EXPECT_THROW(read_run(folder_), os::UsageError);
  EXPECT_EQ(hint([&] { read_run(folder_); }), "give the folder that `tlbstorm run` named at its end");
}

TEST_F(RunFolderTest, FilesThatWouldKeepUsWaitingAreRefused) {
  ASSERT_EQ(::mkfifo((folder_ / "run.json").c_str(), 0600), 0);
  EXPECT_EQ(complaint_about_run(), "run.json: a FIFO, not a file");
  std::filesystem::remove(folder_ / "run.json");
  std::filesystem::create_symlink("/dev/zero", folder_ / "run.json");
  EXPECT_EQ(complaint_about_run(), "run.json: a device, not a file");
  std::filesystem::remove(folder_ / "run.json");
  put_manifest();
  for (const char* const table : {"trials.csv", "rounds.csv", "latency.csv"}) {
    ASSERT_EQ(::mkfifo((folder_ / table).c_str(), 0600), 0);
    EXPECT_EQ(complaint_about_run(), std::string(table) + ": a FIFO, not a file");
    std::filesystem::remove(folder_ / table);
  }
}

TEST_F(RunFolderTest, NamesThatATerminalWouldObeyAreDamage) {
  put_manifest();
  EXPECT_EQ(complaint_about("trials.csv", "trial,metric,unit,value\r\n1,a\x1b[31m,,1\r\n"),
            R"(trials.csv:2: 'a\x1b[31m' is not a name of tlbstorm)");
  EXPECT_EQ(complaint_about("trials.csv", "trial,metric,unit,value\r\n1,a,\x07,1\r\n"),
            R"(trials.csv:2: '\x07' is not a name of tlbstorm)");
  EXPECT_EQ(complaint_about("trials.csv", "trial,metric,unit,value,\x9b\r\n"),
            R"(trials.csv:1: '\x9b' is not a name of tlbstorm)");
  EXPECT_EQ(complaint_about("rounds.csv", "trial,round,metric,unit,value\r\n1,1,\"a\nb\",,1\r\n"),
            R"(rounds.csv:2: 'a\x0ab' is not a name of tlbstorm)");
}

TEST_F(RunFolderTest, ManifestThatIsNoJsonIsToldWithTheLine) {
  EXPECT_EQ(complaint_about("run.json", "\n"), "run.json:2: damaged, not JSON from here on");
  EXPECT_EQ(complaint_about("run.json", "{\"schema\": 1,\n \"plan\": {"),
            "run.json:2: damaged, not JSON from here on");
  EXPECT_EQ(complaint_about("run.json", "{\n\"schema\": 1,\n\"memory_bytes\": NaN}"),
            "run.json:3: damaged, not JSON from here on");
  EXPECT_EQ(complaint_about("run.json", "{\"memory_bytes\":\n1e999}"),
            "run.json:2: damaged, not JSON from here on");
  EXPECT_EQ(complaint_about("run.json", "[1]"), "run.json: damaged, not a manifest of tlbstorm");
}

/// As a power cut leaves it: names are on the disk, and what is in the files is not.
TEST_F(RunFolderTest, EmptyFilesAreThoseOfARunThatWasCutOff) {
  EXPECT_EQ(complaint_about("run.json", ""), " the run was cut off as it began: its run.json is empty");
  put("run.json",
      R"({"schema": 2, "state": "running", "plan": {}, "trials": [{"trial": 1, "outcome": "running"}]})");
  for (const char* const table : {"trials.csv", "rounds.csv", "latency.csv", "samples.csv"}) put(table, "");
  EXPECT_THAT(report::summarise(read_run(folder_)), HasSubstr("its tool was killed"));
}

TEST_F(RunFolderTest, NewerSchemaIsRefusedWhateverItsShape) {
  put("run.json", R"({"schema": 99, "trials": {"1": "ok"}})");
  EXPECT_EQ(complaint_about_run(), "run.json: schema 99 is newer than this tool's 3");
  EXPECT_EQ(hint([&] { read_run(folder_); }),
            "read it with the version of tlbstorm that made it, or a later one");
}

TEST_F(RunFolderTest, WrongTypesInTheManifestAreNamed) {
  const auto with = [&](const std::string& text) { return complaint_about("run.json", text); };
  EXPECT_EQ(with(R"({"plan": {}, "trials": []})"), "run.json: damaged, schema is missing");
  EXPECT_EQ(with(R"({"schema": 2, "trials": []})"), "run.json: damaged, plan is missing");
  EXPECT_EQ(with(R"({"schema": 2, "plan": {}})"), "run.json: damaged, trials is missing");
  EXPECT_EQ(with(R"({"schema": "2", "plan": {}, "trials": []})"),
            "run.json: damaged, schema is not a whole number in range");
  EXPECT_EQ(with(R"({"schema": 2, "plan": [], "trials": []})"), "run.json: damaged, plan is not an object");
  EXPECT_EQ(with(R"({"schema": 2, "plan": {"workers": 1e9}, "trials": []})"),
            "run.json: damaged, plan.workers is not a whole number in range");
  EXPECT_EQ(with(R"({"schema": 2, "plan": {"parameters": {"size": 5}}, "trials": []})"),
            "run.json: damaged, plan.parameters.size is not a text");
  EXPECT_EQ(with(R"({"schema": 2, "plan": {"duration_seconds": 1e10}, "trials": []})"),
            "run.json: damaged, plan.duration_seconds is not a number in range");
  EXPECT_EQ(with(R"({"schema": 2, "plan": {}, "trials": [], "state": null})"),
            "run.json: damaged, state is not a text");
  EXPECT_EQ(with(R"({"schema": 2, "plan": {}, "trials": [], "memory_bytes": -1})"),
            "run.json: damaged, memory_bytes is not a whole number in range");
  EXPECT_EQ(with(R"({"schema": 2, "plan": {}, "trials": [], "machine": {"thp\n": 1}})"),
            R"(run.json: damaged, 'thp\x0a' is not a key of tlbstorm)");
}

TEST_F(RunFolderTest, WrongTypesInTrialsAreNamed) {
  const auto with = [&](const std::string& trials) {
    put_manifest(trials);
    return complaint_about_run();
  };
  EXPECT_EQ(with("[1]"), "run.json: damaged, trials[0] is not an object");
  EXPECT_EQ(with("[{}]"), "run.json: damaged, trials[0].trial is missing");
  EXPECT_EQ(with(R"([{"trial": 1}, {"trial": -1}])"),
            "run.json: damaged, trials[1].trial is not a whole number in range");
  EXPECT_EQ(with(R"([{"trial": 1}, {"trial": 1}])"), "run.json: damaged, trial 1 is there twice");
  EXPECT_EQ(with(R"([{"trial": 1, "valid": "yes"}])"),
            "run.json: damaged, trials[0].valid is not true or false");
  EXPECT_EQ(with(R"([{"trial": 1, "checks": [{"verdict": 3}]}])"),
            "run.json: damaged, trials[0].checks[0].verdict is not a text");
  EXPECT_EQ(with(R"([{"trial": 1, "sampling": {"probes": {"psi": {"every_samples": 0.5}}}}])"),
            "run.json: damaged, trials[0].sampling.probes.psi.every_samples is not a whole number in range");
}

TEST_F(RunFolderTest, BareManifestIsEnoughForASummary) {
  put("run.json",
      R"({"schema": 2, "plan": {"pacing": "timed", "parameters": {"size": "much"}, "sizes": ["size"]},
                      "trials": []})");
  const std::string summary = report::summarise(read_run(folder_));
  EXPECT_NE(summary.find("size=much"), std::string::npos) << summary;
}

TEST_F(RunFolderTest, HeadlinesAreOfTrialsThatMeasureAndTheRestOfThoseThatExplain) {
  put("run.json", R"({"schema": 3, "plan": {}})");
  put("trials.jsonl",
      "{\"trial\":1,\"outcome\":\"ok\",\"valid\":true}\n{\"trial\":2,\"outcome\":\"ok\",\"valid\":true}\n"
      "{\"trial\":3,\"outcome\":\"ok\",\"kind\":\"explaining\",\"valid\":true}\n");
  put("trials.csv",
      "trial,metric,unit,value\n1,tlb_ipis,IPIs,10\n2,tlb_ipis,IPIs,12\n3,tlb_ipis,IPIs,99\n"
      "3,tlb_flushes_sent,flushes,98\n");
  put("rounds.csv", "trial,round,metric,unit,value\n1,1,tlb_ipis,IPIs,10\n3,1,tlb_ipis,IPIs,99\n");
  put("latency.csv", "trial,access,met,from_ns,to_ns,count\n2,read,hit,1,2,3\n3,read,hit,1,2,4\n");
  const RunFolder run = read_run(folder_);
  EXPECT_THAT(run.values("tlb_ipis"), ElementsAre(10, 12));
  EXPECT_THAT(run.find("tlb_ipis")->explaining, ElementsAre(Pair(3, 99)));
  EXPECT_THAT(run.values("tlb_flushes_sent"), ElementsAre(98)) << "its n is its own";
  EXPECT_EQ(run.rounds.size(), 1u);
  ASSERT_EQ(run.latencies.size(), 1u);
  EXPECT_EQ(run.latencies[0].count, 3);
  EXPECT_EQ(run.manifest.measuring_trials(), 2);
  EXPECT_EQ(run.manifest.valid_trials(), 2);
}

TEST_F(RunFolderTest, TrialThatExplainsIsNoHeadlineWhereThoseThatMeasureFailed) {
  put("run.json", R"({"schema": 3, "plan": {}})");
  put("trials.jsonl",
      "{\"trial\":1,\"outcome\":\"failed\"}\n{\"trial\":2,\"outcome\":\"ok\",\"kind\":\"explaining\","
      "\"valid\":true}\n");
  put("trials.csv", "trial,metric,unit,value\n2,tlb_ipis,IPIs,99\n");
  const RunFolder run = read_run(folder_);
  EXPECT_THAT(run.values("tlb_ipis"), ElementsAre());
  EXPECT_EQ(run.manifest.valid_trials(), 0);
}

TEST_F(RunFolderTest, KilledRunReadsBackWithRemarks) {
  put("run.json", R"({"schema": 1, "state": "running", "plan": {}, "trials": [{"trial": 1, "valid": true},
                     {"trial": 2, "outcome": "running"}]})");
  put("trials.csv", "trial,metric,unit,value\r\n1,tlb_ipis,handlers,12\r\n1,ns_per_page,ns/pa");
  const RunFolder run = read_run(folder_);
  ASSERT_NE(run.find("tlb_ipis"), nullptr);
  EXPECT_EQ(run.find("tlb_ipis")->by_trial.at(1), 12);
  EXPECT_EQ(run.find("ns_per_page"), nullptr);
  EXPECT_TRUE(run.valid(1));
  EXPECT_FALSE(run.valid(2));
  ASSERT_EQ(run.remarks.size(), 2u);
  EXPECT_EQ(run.remarks[1], (folder_ / "trials.csv").native() + ": the last row was cut off and is left out");
}

TEST_F(RunFolderTest, DamagedTrialsAreToldWithFileAndLine) {
  put_manifest();
  const auto with = [&](const std::string& rows) {
    return complaint_about("trials.csv", "trial,metric,unit,value\r\n" + rows);
  };
  EXPECT_EQ(complaint_about("trials.csv", "trial,metric,value\r\n1,a,2\r\n"), "trials.csv:1: no column unit");
  EXPECT_EQ(with("1,a,,1\r\n7,a,,1\r\n"), "trials.csv:3: run.json has no trial 7");
  for (const std::string trial : {"nan", "-1", "1e30", "99999999999", "1.5", ""})
    EXPECT_EQ(with(trial + ",a,,1\r\n"), "trials.csv:2: '" + trial + "' is not the number of a trial");
  EXPECT_EQ(with("1,a,,nan\r\n"), "trials.csv:2: 'nan' is not a number");
  EXPECT_EQ(with("1,a,,inf\r\n"), "trials.csv:2: 'inf' is not a number");
}

TEST_F(RunFolderTest, EmptyValueIsAbsentNotANumber) {
  put_manifest();
  put("trials.csv", "trial,metric,unit,value\r\n1,a,pages,\r\n");
  put("rounds.csv", "trial,round,metric,unit,value\r\n1,0,a,pages,\r\n");
  const RunFolder run = read_run(folder_);
  EXPECT_TRUE(run.values("a").empty());
  EXPECT_TRUE(run.rounds.at(0).figures.empty());
}

TEST_F(RunFolderTest, DamagedRoundsAndLatenciesAreToldWithFileAndLine) {
  put_manifest();
  EXPECT_EQ(complaint_about("rounds.csv", "trial,round,metric,unit,value\r\n1,-1,a,,1\r\n"),
            "rounds.csv:2: '-1' is not the number of a round");
  EXPECT_EQ(complaint_about("rounds.csv", "trial,round,metric,unit,value\r\n2,0,a,,1\r\n"),
            "rounds.csv:2: run.json has no trial 2");
  const std::string header = "trial,access,met,from_ns,to_ns,count\r\n1,read,hit,";
  for (const std::string bucket : {"1,2,", "-1,2,1", "2,1,1", "1,1e30,1", "1,2,-5"})
    EXPECT_EQ(complaint_about("latency.csv", header + bucket + "\r\n"),
              "latency.csv:2: not a bucket of times: from_ns, to_ns and count of those between");
}

}  // namespace
}  // namespace tlbstorm::record
