// SPDX-License-Identifier: Apache-2.0
// Runs kept to compare with.
#include "harness/record/reference.hpp"

#include "harness/compare/side.hpp"
#include "harness/record/batch.hpp"
#include "harness/report/summary.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::record {
namespace {

namespace fs = std::filesystem;
using test::MadeRun;
using test::run_of_ipis;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReferenceTest : public test::MadeRunsTest {
 protected:
  fs::path add(const MadeRun& run, const std::string& name = "") const {
    return add_reference(put("run", run), kept_, name);
  }
  const fs::path kept_ = folder_.path() / "kept";
};

TEST_F(ReferenceTest, MachineIsNamedByItsKind) {
  EXPECT_EQ(machine_id(read_run(put("run", run_of_ipis({1})))), "amd-epyc-2-cpus-1-socket-kvm");
  MadeRun bare = run_of_ipis({1});
  bare.manifest["machine"]["hypervisor"] = "none";
  bare.manifest["machine"]["cpu_model"] = "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz";
  EXPECT_EQ(machine_id(read_run(put("run", bare))), "intel-r-xeon-r-gold-6130-cpu-2-10ghz-2-cpus-1-socket");
  bare.manifest.erase("machine");
  bare.manifest.erase("topology");
  EXPECT_EQ(machine_id(read_run(put("run", bare))), "unknown");
}

TEST_F(ReferenceTest, RunIsKeptUnderItsMachineWorkloadAndKernel) {
  EXPECT_EQ(add(run_of_ipis({1})), kept_ / "amd-epyc-2-cpus-1-socket-kvm" / "pageout-6-18-1");
  MadeRun labelled = run_of_ipis({1});
  labelled.manifest["plan"]["label"] = "Before / After";
  EXPECT_EQ(add(labelled).filename(), "pageout-before-after-6-18-1");
  EXPECT_EQ(add(run_of_ipis({1}), "mine").filename(), "mine");
}

TEST_F(ReferenceTest, WhatIsKeptComparesAsTheRunDoes) {
  MadeRun run = run_of_ipis({1, 2, 3}).invalid(2).took(1, 1000, 5);
  run.manifest["columns"] = {{{"name", "interrupts.tlb"}, {"unit", "IPIs"}, {"kind", "counter"}}};
  run.manifest["trials"][0]["sampling"] = {{"samples", 5}};
  test::write(folder_.path() / "run" / "samples.csv", "much\r\n");
  const fs::path kept = add(run);
  EXPECT_FALSE(fs::exists(kept / "samples.csv"));
  EXPECT_EQ(read_run(kept).manifest.trials.at(0).sampling.samples, 0u);
  EXPECT_TRUE(read_run(kept).manifest.columns.empty());
  const compare::Side side = compare::read_side("base", {kept});
  EXPECT_THAT(side.values("ipis_per_page"), ElementsAre(1, 3));
  EXPECT_EQ(side.runs()[0].latencies.size(), 1U);
  EXPECT_THAT(report::summarise(read_run(kept)), HasSubstr("ipis_per_page"));
}

TEST_F(ReferenceTest, NothingIsOverwritten) {
  const fs::path kept = add(run_of_ipis({1}), "mine");
  EXPECT_EQ(complaint([&] { add(run_of_ipis({2}), "mine"); }),
            "--name kept/amd-epyc-2-cpus-1-socket-kvm/mine: there is something already\n"
            "give another name, or: tlbstorm baseline refresh NAME RUN");
  EXPECT_THAT(compare::read_side("base", {kept}).values("ipis_per_page"), ElementsAre(1));
}

TEST_F(ReferenceTest, SuiteIsKeptAsOneWithItsRunsThatHaveAValidTrial) {
  const fs::path suite = put_batch(
      "suite", "suite", "quick",
      {{"one", run_of_ipis({1, 2})}, {"two", run_of_ipis({3})}, {"none", run_of_ipis({9}).invalid(1)}});
  const fs::path kept = add_reference(suite, kept_, "");
  EXPECT_EQ(kept.filename(), "quick-6-18-1");
  EXPECT_THAT(list_references(kept_), ElementsAre(kept)) << "its runs are none of their own";
  EXPECT_EQ(find_reference("RUN", kept_, "quick-6-18-1"), kept);
  const Batch batch = read_batch(kept);
  ASSERT_EQ(batch.entries.size(), 2u);
  EXPECT_EQ(batch.entries[1].name, "two");
  EXPECT_THAT(batch.entries[0].run->values("ipis_per_page"), ElementsAre(1, 2));
}

TEST_F(ReferenceTest, RefreshPutsARunInItsPlaceAndKeepsTheFormer) {
  const fs::path kept = add(run_of_ipis({1}), "mine");
  for (const double value : {2, 3}) {
    const fs::path former = refresh_reference(kept, put("run", run_of_ipis({value})));
    EXPECT_THAT(former.filename().native(), ::testing::StartsWith("mine-until-20"));
    EXPECT_THAT(read_run(kept).values("ipis_per_page"), ElementsAre(value));
    EXPECT_THAT(read_run(former).values("ipis_per_page"), ElementsAre(value - 1));
  }
  EXPECT_EQ(list_references(kept_).size(), 3u);
  MadeRun elsewhere = run_of_ipis({4});
  elsewhere.manifest["machine"]["cpu_model"] = "another";
  EXPECT_THAT(complaint([&] { refresh_reference(kept, put("run", elsewhere)); }),
              HasSubstr("it is of another kind of machine"));
  EXPECT_THAT(complaint([&] { refresh_reference(kept, put("run", run_of_ipis({4}).invalid(1))); }),
              HasSubstr("none of its trials is valid"));
  EXPECT_THAT(read_run(kept).values("ipis_per_page"), ElementsAre(3));
}

TEST_F(ReferenceTest, NameIsOneFolderBelowTheMachines) {
  for (const char* const name : {"../../mine", "/etc/mine", "..", ".", "a/b"})
    EXPECT_EQ(complaint([&] { add(run_of_ipis({1}), name); }),
              fmt::format("--name {}: not a folder's name\ngive a name without slashes", name));
  EXPECT_FALSE(fs::exists(folder_.path() / "mine"));
}

TEST_F(ReferenceTest, ListIsAllRunsBelowAFolder) {
  EXPECT_THAT(list_references(kept_), IsEmpty());
  const fs::path b = add(run_of_ipis({1}), "b"), a = add(run_of_ipis({1}), "a");
  EXPECT_THAT(list_references(kept_), ElementsAre(a, b));
}

TEST_F(ReferenceTest, NoRunIsNoBaseline) {
  fs::create_directories(folder_.path() / "empty");
  EXPECT_THAT(complaint([&] { add_reference(folder_.path() / "empty", kept_, ""); }),
              HasSubstr("not a run folder"));
  EXPECT_FALSE(fs::exists(kept_));
}

}  // namespace
}  // namespace tlbstorm::record
