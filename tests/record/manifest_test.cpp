// SPDX-License-Identifier: Apache-2.0
// Manifests: what is written is read, what is missing has its default, what is wrong is told with its place.
#include "harness/record/manifest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "harness/record/manifest_fields.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/record/schema.hpp"
#include "tests/record/record_test.hpp"

namespace tlbstorm::record {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
namespace fs = std::filesystem;

/// Every field of a run set to something.
RunManifest whole_manifest() {
  RunManifest run;
  run.schema = kSchemaVersion;
  run.tool = {"tlbstorm", "9.9", {"tlbstorm", "run", "pageout"}};
  run.lock = "machine";
  run.occasion = "boot:1";
  run.rung = "boot";
  run.repeat = 3;
  run.writer = {"boot", 42, 4711};
  run.state = RunState::finished;
  run.started = "2026-01-01T00:00:00Z";
  run.ended = "2026-01-01T00:00:09Z";
  run.plan.workload = "pageout";
  run.plan.trials = 4;
  run.plan.workers = 3;
  run.plan.mode = trial::Mode::processes;
  run.plan.warmup = std::chrono::milliseconds{1500};
  run.plan.duration = std::chrono::seconds{3};
  run.plan.timeout = std::chrono::minutes{1};
  run.plan.gap_threshold = os::Nanoseconds{1234};
  run.plan.sample_budget = 0.0125;
  run.plan.memory = os::Bytes{1 << 30};
  run.plan.swap.emplace_back().text = "zram:1G";
  run.plan.settings = {{"/proc/sys/vm/swappiness", "100"}};
  run.plan.probes = {"interrupts", "vmstat"};
  run.plan.events = "cycles";
  run.plan.expect = trial::Outcome::oom;
  run.plan.seed = ~std::uint64_t{0};
  run.plan.label = "a";
  run.plan.cpus = {0, 2};
  run.plan.notes = {"a note"};
  run.plan.parameters = trial::Parameters::recorded({{"region", "4M"}, {"pages", "anon"}}, {"region"});
  run.workload = {"does", "one page", "rounds", "ipis_per_page", {}, {"SYS_NICE"}};
  run.workload.figures.push_back(
      {.name = "own", .unit = "x", .better = trial::Better::higher, .meaning = "m", .part = {}, .whole = {}});
  run.machine = {{"kernel_release", "6.18"}, {"cpu_model", "AMD"}};
  run.flush = {"by IPI", "KVM", true};
  run.topology = "2 CPUs";
  run.memory = os::Bytes{1ull << 35};
  run.columns = {{"interrupts.tlb", "IPIs", "counter"}};
  run.absent_probes = {{"memcg", "no cgroup", "run as root", true}};
  run.outcomes = {{"ok", 4}};
  run.not_undone = {"swapoff"};
  return run;
}

TrialRecord whole_trial() {
  TrialRecord trial;
  trial.trial = 2;
  trial.kind = trial::TrialKind::explaining;
  trial.outcome = trial::Outcome::corrupted;
  trial.reason = "a page";
  trial.valid = true;
  trial.reclaim_source = "vmstat";
  trial.timing_overhead_ns = 21;
  trial.wrong_pages = {2, {"page 7: zero"}};
  trial.notes = {"n"};
  trial.checks = {
      {"foreign_load", os::Grade::unknown, "found", "wanted", "why", "source", "fix", "evidence", false}};
  trial.absent = {{"ipc", "no PMU"}};
  trial.tlb_ipis_by_phase = {{"measure", 5}, {"whole", 6}};
  trial.sampling = {10, 1, 2, 3.5, 9, {{"vmstat", {61, 16, true}}}};
  trial.probes = {"vmstat"};
  trial.instrument = "tlb_flush";
  return trial;
}

class ManifestTest : public RecordTest {
 protected:
  RunManifest read() {
    remarks_.clear();
    return read_run_manifest(folder_, remarks_);
  }
  std::vector<std::string> remarks_;
};

TEST_F(ManifestTest, WhatIsWrittenIsRead) {
  const RunManifest run = whole_manifest();
  put("run.json", run_text(run));
  put("trials.jsonl", trial_line(whole_trial()));
  const RunManifest again = read();
  EXPECT_EQ(run_text(again), run_text(run));
  ASSERT_EQ(again.trials.size(), 1u);
  EXPECT_EQ(trial_line(again.trials[0]), trial_line(whole_trial()));
  EXPECT_EQ(again.plan.mode, trial::Mode::processes);
  EXPECT_EQ(again.plan.gap_threshold, os::Nanoseconds{1234});
  EXPECT_EQ(again.plan.swap.at(0).text, "zram:1G");
  EXPECT_EQ(again.plan.parameters.sizes(), std::vector<std::string>{"region"});
  EXPECT_EQ(again.trials[0].checks[0].grade, os::Grade::unknown);
  EXPECT_FALSE(again.trials[0].checks[0].decides);
  EXPECT_THAT(remarks_, IsEmpty());
}

TEST_F(ManifestTest, BatchIsReadAsItWasWritten) {
  const BatchManifest batch{
      kSchemaVersion, {"tlbstorm", "9.9", {}},
      "sweep",        "workers",
      "about",        {{"workers=1-002", "workers=1", "1", {"tlbstorm"}, "finished", "none"}}};
  put("batch.json", batch_text(batch));
  EXPECT_EQ(batch_text(read_batch_manifest(folder_)), batch_text(batch));
}

TEST_F(ManifestTest, WhatIsMissingHasItsDefault) {
  put("run.json", R"({"schema": 3, "plan": {}})");
  const RunManifest run = read();
  EXPECT_EQ(run.rung, "trial");
  EXPECT_EQ(run.repeat, 1);
  EXPECT_EQ(run.plan.mempolicy, "local");
  EXPECT_FALSE(run.memory);
  EXPECT_THAT(run.trials, IsEmpty());
}

TEST_F(ManifestTest, LaterLineOfATrialCounts) {
  put("run.json", R"({"schema": 3, "plan": {}})");
  put("trials.jsonl",
      "{\"trial\":1,\"outcome\":\"running\"}\n{\"trial\":1,\"outcome\":\"ok\",\"valid\":true}\n"
      "{\"trial\":2,\"outcome\":\"running\"}\n");
  const RunManifest run = read();
  ASSERT_EQ(run.trials.size(), 2u);
  EXPECT_EQ(run.trials[0].outcome, trial::Outcome::ok);
  EXPECT_EQ(run.valid_trials(), 1);
  EXPECT_FALSE(run.trials[1].outcome) << "it was going on";
}

TEST_F(ManifestTest, TrialsAreFoundWhateverTheirOrder) {
  put("run.json", R"({"schema": 3, "plan": {}})");
  put("trials.jsonl",
      "{\"trial\":7,\"valid\":true}\n{\"trial\":2}\n{\"trial\":3}\n{\"trial\":7,\"reason\":\"x\"}\n{"
      "\"trial\":1}\n");
  const RunManifest run = read();
  ASSERT_EQ(run.trials.size(), 4u);
  for (const int trial : {1, 2, 3, 7}) EXPECT_NE(run.find(trial), nullptr) << trial;
  for (const int trial : {-1, 0, 4, 8, 1000}) EXPECT_EQ(run.find(trial), nullptr) << trial;
  EXPECT_EQ(run.find(7)->reason, "x");
  EXPECT_FALSE(run.valid(7)) << "its later line";
}

TEST_F(ManifestTest, LineThatWasCutOffIsLeftOutAndRemarked) {
  put("run.json", R"({"schema": 3, "plan": {}})");
  put("trials.jsonl", "{\"trial\":1,\"outcome\":\"ok\"}\n{\"trial\":2,\"outc");
  EXPECT_EQ(read().trials.size(), 1u);
  EXPECT_THAT(remarks_, ElementsAre(HasSubstr("trials.jsonl: the last row was cut off and is left out")));
}

TEST_F(ManifestTest, DamageIsToldWithThePathOfTheField) {
  const auto said = [&](const char* manifest, const char* lines = "") {
    put("run.json", manifest);
    put("trials.jsonl", lines);
    return complaint([&] { read(); });
  };
  EXPECT_THAT(said(R"({"schema": 3})"), HasSubstr("run.json: damaged, plan is missing"));
  EXPECT_THAT(said(R"({"schema": 3, "plan": {"workers": -1}})"),
              HasSubstr("run.json: damaged, plan.workers is not a whole number in range"));
  EXPECT_THAT(said(R"({"schema": 3, "plan": {"mode": "fibers"}})"),
              HasSubstr("run.json: damaged, plan.mode is 'fibers', not one of its words"));
  EXPECT_THAT(said(R"({"schema": 3, "plan": {"duration_seconds": 1e17}})"),
              HasSubstr("run.json: damaged, plan.duration_seconds is not a number in range"));
  EXPECT_THAT(
      said(R"({"schema": 3, "plan": {}})", "{\"trial\":1}\n{\"trial\":2,\"checks\":[{\"grade\":3}]}\n"),
      HasSubstr("trials.jsonl:2: damaged, checks[0].grade is not a text"));
  EXPECT_THAT(said(R"({"schema": 3, "plan": {}})", "{\"trial\":1}\n{\"trial\":\n"),
              HasSubstr("trials.jsonl:2: damaged, not JSON from here on"));
  EXPECT_THAT(said(R"({"schema": 4, "plan": 3})"), HasSubstr("schema 4 is newer than this tool's 3"));
}

TEST_F(ManifestTest, EarlierSchemasHaveTheirTrialsWithin) {
  put("run.json", R"({"schema": 2, "plan": {"workload": "mprotect-storm"}, "trials": [
      {"trial": 1, "outcome": "ok", "valid": true,
       "checks": [{"check": "foreign_load", "verdict": "invalid", "detail": "a compiler ran"}],
       "sampling": {"probes": {"psi": {"read_us": 11, "every_samples": 4, "dear": true}}}}]})");
  const RunManifest run = read();
  ASSERT_EQ(run.trials.size(), 1u);
  EXPECT_EQ(run.trials[0].checks[0].id, "foreign_load");
  EXPECT_EQ(run.trials[0].checks[0].grade, os::Grade::failed);
  EXPECT_EQ(run.trials[0].checks[0].found, "a compiler ran");
  EXPECT_TRUE(run.trials[0].sampling.probes.at("psi").expensive);
  EXPECT_EQ(run.workload.primary, "ipis_per_operation") << "by the frozen table";
}

TEST(ReferenceRuns, AreReadWhateverTheirSchema) {
  int read = 0;
  const fs::path top = fs::path(TLBSTORM_FIXTURES).parent_path().parent_path() / "results" / "reference";
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    if (entry.path().filename() != kManifestFile) continue;
    const RunFolder run = read_run(entry.path().parent_path());
    EXPECT_FALSE(run.series.empty()) << entry.path();
    EXPECT_NE(run.manifest.workload.primary, "") << entry.path();
    ++read;
  }
  EXPECT_GE(read, 8);
}

TEST_F(ManifestTest, EachWorkloadNamesAPrimaryMetric) {
  for (const trial::Definition& definition : trial::workloads())
    EXPECT_NE(definition.primary, "") << definition.name;
}

/// A trial costs the same however many there were before it: run.json is not written again.
TEST_F(ManifestTest, TrialsAreAppendedAndNothingElseIsWritten) {
  const fs::path run = folder_ / "run";
  Recorder recorder(run, {}, {}, {}, {"tlbstorm", "run"}, "machine");
  trial::TrialResult result;
  const auto make = [&](int number) {
    result.trial = number;
    recorder.begin_trial(number, trial::TrialKind::measuring, {});
    recorder.end_trial(result);
    recorder.judge(number, {});
  };
  const auto inode = [&] {
    struct stat facts {};
    ::stat((run / kManifestFile).c_str(), &facts);
    return facts.st_ino;
  };
  make(1);
  const ino_t after_one = inode();
  const std::uintmax_t a_trial = fs::file_size(run / kTrialLinesFile);
  constexpr int kTrials = 2000;
  for (int number = 2; number <= kTrials; ++number) make(number);
  EXPECT_EQ(inode(), after_one) << "not replaced";
  EXPECT_LE(fs::file_size(run / kTrialLinesFile), kTrials * (a_trial + 8))
      << "each line as long, but for its number";
  recorder.finish(RunState::finished);
  EXPECT_NE(inode(), after_one);
  const RunManifest read = read_run(run).manifest;
  EXPECT_EQ(read.trials.size(), std::size_t{kTrials});
  EXPECT_THAT(read.outcomes, ElementsAre(Pair("ok", kTrials)));
}

TEST_F(ManifestTest, RunThatGoesOnIsToldFromOneWhoseToolWasKilled) {
  const fs::path run = folder_ / "run";
  const Recorder recorder(run, {}, {}, {}, {"tlbstorm", "run"}, "machine");
  EXPECT_THAT(read_run(run).remarks, ElementsAre(HasSubstr(fmt::format("is going on (pid {})", ::getpid()))));
  const auto with = [&](auto change) {
    RunManifest manifest = read_run(run).manifest;
    change(manifest.writer);
    std::ofstream(run / kManifestFile) << run_text(manifest);
    return read_run(run).remarks;
  };
  EXPECT_THAT(with([](Writer& writer) { writer.started += 1; }),
              ElementsAre(HasSubstr("the tool was killed")));
  EXPECT_THAT(with([](Writer& writer) { writer.boot_id = "another"; }),
              ElementsAre(HasSubstr("the tool was killed")));
}

}  // namespace
}  // namespace tlbstorm::record
