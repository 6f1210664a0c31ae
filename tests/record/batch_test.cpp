// SPDX-License-Identifier: Apache-2.0
// Sweeps and suites: what their parent folder holds, and the tables that are printed from it.
#include "harness/record/batch.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/report/batch_table.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::record {
namespace {

using ::testing::HasSubstr;

/// A run folder of `workers` workers with one trial.
void make_run(const std::filesystem::path& folder, int workers, double throughput, bool valid) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "run.json") << fmt::format(
      R"({{"schema": 2, "state": "finished", "plan": {{"workload": "storm", "workers": {}}},
          "machine": {{"kernel_release": "6.18", "cpu_model": "a CPU"}}, "topology": "8 CPUs",
          "trials": [{{"trial": 1, "outcome": "ok", "valid": {},
            "checks": [{{"check": "foreign_load", "verdict": "{}", "detail": "a compiler ran"}}]}}]}})",
      workers, valid, valid ? "ok" : "invalid");
  std::ofstream(folder / "trials.csv") << fmt::format(
      "trial,metric,unit,value\r\n1,ns_per_cycle,ns/op,{}\r\n1,tlb_ipis,handlers,7\r\n"
      "1,throughput,operations/s,{}\r\n1,ipis_per_operation,IPIs/op,1.5\r\n",
      1e9 * workers / throughput, throughput);
}

class BatchTest : public ::testing::Test {
 protected:
  std::string read(const std::string& file) const {
    return os::try_read_text(folder_.path() / file).value_or("");
  }
  void add(BatchRecorder& recorder, int workers, double throughput, bool valid = true) {
    const std::string value = std::to_string(workers);
    make_run(recorder.begin({"workers=" + value, "", value, {"tlbstorm", "run", "storm"}, "", ""}), workers,
             throughput, valid);
    recorder.end("finished", "");
  }
  test::TemporaryFolder folder_;
};

TEST_F(BatchTest, SweepOfWorkersShowsSpeedUpAndEfficiency) {
  BatchRecorder recorder(folder_.path(), {"sweep", "workers", "storm"});
  add(recorder, 1, 200'000);
  add(recorder, 2, 300'000);
  add(recorder, 4, 80'000);
  recorder.finish();
  ASSERT_TRUE(is_batch(folder_.path()));
  const std::string table = report::tabulate(read_batch(folder_.path()));
  EXPECT_THAT(table, HasSubstr("1.00x      100.0%"));
  EXPECT_THAT(table, HasSubstr("1.50x       75.0%"));
  EXPECT_THAT(table, HasSubstr("0.40x       10.0%"));
  EXPECT_THAT(read("points.csv"), HasSubstr("workers=4,throughput,operations/s,1,80000,80000,80000\r\n"));
}

TEST_F(BatchTest, EfficiencyIsAgainstTheFirstPointWhateverItIs) {
  BatchRecorder recorder(folder_.path(), {"sweep", "workers", "storm"});
  add(recorder, 2, 200'000);
  add(recorder, 8, 400'000);
  recorder.finish();
  EXPECT_THAT(report::tabulate(read_batch(folder_.path())), HasSubstr("2.00x       50.0%"));
}

TEST_F(BatchTest, RunWithoutAValidTrialIsCalledNoEvidence) {
  BatchRecorder recorder(folder_.path(), {"suite", "mine", ""});
  add(recorder, 1, 200'000, false);
  recorder.finish();
  const std::string table = report::tabulate(read_batch(folder_.path()));
  EXPECT_THAT(table, HasSubstr("NO VALID TRIAL"));
  EXPECT_THAT(table, HasSubstr("workers=1: foreign_load: a compiler ran"));
}

TEST_F(BatchTest, RefusedRunIsNamedWithItsReason) {
  BatchRecorder recorder(folder_.path(), {"suite", "mine", "for me"});
  recorder.begin({"nodes", "", "", {"tlbstorm", "run", "unmap-churn"}, "", ""});
  recorder.end("refused", "this machine has one NUMA node");
  recorder.finish();
  const Batch batch = read_batch(folder_.path());
  ASSERT_EQ(batch.entries.size(), 1u);
  EXPECT_FALSE(batch.entries[0].run);
  EXPECT_THAT(report::tabulate(batch), HasSubstr("nodes: refused: this machine has one NUMA node"));
}

TEST_F(BatchTest, RunThatWasCutOffAsItBeganSpoilsNoTable) {
  BatchRecorder recorder(folder_.path(), {"sweep", "workers", "storm"});
  add(recorder, 1, 200'000);
  const auto cut = recorder.begin({"workers=2", "", "2", {"tlbstorm", "run", "storm"}, "", ""});
  std::filesystem::create_directory(cut);
  std::ofstream(cut / "run.json") << "";
  const std::string table = report::tabulate(read_batch(folder_.path()));
  EXPECT_THAT(table, HasSubstr("workers=2: it has not ended, or its tool was killed"));
}

TEST_F(BatchTest, DamagedManifestIsAnErrorThatNamesWhatIsWrong) {
  const auto complaint = [&](const std::string& text) -> std::string {
    std::ofstream(folder_.path() / "batch.json") << text;
    try {
      read_batch(folder_.path());
    } catch (const os::Error& error) {
      return std::string(error.what()).substr(folder_.path().native().size() + 1);
    }
    return "";
  };
  EXPECT_EQ(complaint("[1, 2"), "batch.json:1: damaged, not JSON from here on");
  EXPECT_EQ(complaint("[]"), "batch.json: damaged, not a manifest of tlbstorm");
  EXPECT_EQ(complaint(R"({"kind": "suite"})"), "batch.json: damaged, entries is missing");
  EXPECT_EQ(complaint(R"({"kind": 1, "entries": []})"), "batch.json: damaged, kind is not a text");
  EXPECT_EQ(complaint(R"({"entries": [{}]})"), "batch.json: damaged, entries[0].name is missing");
  EXPECT_EQ(complaint(R"({"entries": [{"name": "a", "state": {}}]})"),
            "batch.json: damaged, entries[0].state is not a text");
  EXPECT_EQ(complaint(R"({"schema": 4, "entries": []})"), "batch.json: schema 4 is newer than this tool's 3");
}

TEST_F(BatchTest, RunsOutsideOfTheFolderAreRefused) {
  const std::string too_long(256, 'x');
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("/etc"), std::string("a/../b"),
        std::string("a//b"), std::string("a/"), std::string("../x"), too_long}) {
    std::ofstream(folder_.path() / "batch.json") << fmt::format(R"({{"entries": [{{"name": "{}"}}]}})", name);
    try {
      read_batch(folder_.path());
      ADD_FAILURE() << name;
    } catch (const os::Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("batch.json: damaged, '" + name.substr(0, 60)));
      EXPECT_THAT(error.what(), HasSubstr("' is no folder in it"));
    }
  }
}

}  // namespace
}  // namespace tlbstorm::record
