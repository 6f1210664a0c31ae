// SPDX-License-Identifier: Apache-2.0
// What a recorder leaves of a trial: the tables, and the kernel's word on an OOM kill.
#include "harness/record/result_tables.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/os/fd.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::record {
namespace {

using namespace std::chrono_literals;
using trial::Access;
using trial::AccessClass;
using trial::Met;

class Tables : public ::testing::Test {
 protected:
  std::string read(const std::string& file) const {
    return os::try_read_text(folder_.path() / file).value_or("");
  }
  bool exists(const std::string& file) const { return std::filesystem::exists(folder_.path() / file); }
  void write(const trial::TrialResult& result) {
    const os::Folder folder = os::Folder::open(folder_.path());
    ResultTables tables;
    tables.create(folder);
    tables.add(result);
  }
  static trial::TrialResult trial_of_one_worker() {
    trial::TrialResult result;
    result.trial = 1;
    result.workers.emplace_back();
    result.workers[0].tid = 4711;
    result.workers[0].measured.major_faults = 12;
    return result;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Tables, WorkersAreThereFromTheStartAndTheOthersWhenThereIsSomethingInThem) {
  write(trial_of_one_worker());
  EXPECT_NE(read("workers.csv").find("1,0,tid,,4711\r\n"), std::string::npos) << read("workers.csv");
  EXPECT_NE(read("workers.csv").find("1,0,major_faults,faults,12\r\n"), std::string::npos);
  EXPECT_NE(read("workers.csv").find("1,0,waiting_for_cpu,s,\r\n"), std::string::npos) << "absent is empty";
  EXPECT_FALSE(exists("latency.csv"));
  EXPECT_FALSE(exists("bystanders.csv"));
  EXPECT_FALSE(exists("gaps.csv"));
}

TEST_F(Tables, TimesAreKeptApartByAccessAndWhatItMet) {
  trial::TrialResult result = trial_of_one_worker();
  result.latency = std::make_unique<trial::Latencies>();
  (*result.latency)[AccessClass(Access::read, Met::hit).index()].record(100ns);
  (*result.latency)[AccessClass(Access::write, Met::major).index()].record(100ns);
  (*result.latency)[AccessClass(Access::write, Met::major).index()].record(100ns);
  write(result);
  EXPECT_EQ(read("latency.csv"),
            "trial,access,met,from_ns,to_ns,count\r\n1,read,hit,100,101,1\r\n1,write,major,100,101,2\r\n");
}

TEST_F(Tables, LastBucketOfAClassEndsWithItsLongestTime) {
  trial::TrialResult result = trial_of_one_worker();
  result.latency = std::make_unique<trial::Latencies>();
  auto& times = (*result.latency)[AccessClass(Access::read, Met::hit).index()];
  for (const auto time : {1001ns, 64'005ns, 64'003ns}) times.record(time);
  write(result);
  EXPECT_EQ(read("latency.csv"),
            "trial,access,met,from_ns,to_ns,count\r\n1,read,hit,1000,1008,1\r\n1,read,hit,64000,64006,2\r\n");
}

TEST_F(Tables, BystandersHaveTheirGaps) {
  trial::TrialResult result = trial_of_one_worker();
  result.gaps = std::make_unique<trial::Histogram>();
  result.gaps->record(100ns);
  result.bystanders.emplace_back();
  result.bystanders[0].lost = 1500ms;
  write(result);
  EXPECT_NE(read("bystanders.csv").find("1,0,lost,s,1.5\r\n"), std::string::npos) << read("bystanders.csv");
  EXPECT_EQ(read("gaps.csv"), "trial,from_ns,to_ns,count\r\n1,100,101,1\r\n");
}

TEST_F(Tables, RecorderKeepsTheKernelsReportAndTheOutcome) {
  trial::Plan plan;
  const trial::Definition definition;
  const machine::Machine machine;
  Recorder recorder(folder_.path() / "run", plan, definition, machine, {"tlbstorm", "run"}, "machine");
  recorder.begin_trial(1, trial::TrialKind::measuring, {});
  trial::TrialResult result = trial_of_one_worker();
  result.outcome = trial::Outcome::oom;
  result.reason = "the kernel killed a worker";
  result.oom_reports.emplace_back();
  result.oom_reports[0].lines = {"x invoked oom-killer", "Killed process 4711 (x)"};
  recorder.end_trial(result);
  EXPECT_EQ(read("run/oom-trial1.txt"), "x invoked oom-killer\nKilled process 4711 (x)\n");
  recorder.judge(1, {});
  const RunManifest manifest = read_run(folder_.path() / "run").manifest;
  EXPECT_EQ(manifest.find(1)->outcome, trial::Outcome::oom);
  EXPECT_EQ(manifest.find(1)->reason, "the kernel killed a worker");
  EXPECT_EQ(manifest.schema, 3);
}

TEST_F(Tables, RecorderNotesWhyARunCouldNotGoOn) {
  Recorder recorder(folder_.path() / "run", {}, {}, {}, {"tlbstorm", "run"}, "machine");
  recorder.begin_trial(1, trial::TrialKind::measuring, {});
  recorder.finish(RunState::failed, {}, "fork: Cannot allocate memory");
  EXPECT_EQ(read_run(folder_.path() / "run").remarks,
            std::vector<std::string>{"the run could not go on: fork: Cannot allocate memory"});
}

TEST_F(Tables, RecorderThatCanMakeNoTableLeavesNoRun) {
  std::filesystem::create_directories(folder_.path() / "run");
  std::ofstream(folder_.path() / "run/trials.csv") << "someone else's";
  EXPECT_ANY_THROW(Recorder(folder_.path() / "run", {}, {}, {}, {"tlbstorm", "run"}, "machine"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "run/run.json"));
}

}  // namespace
}  // namespace tlbstorm::record
