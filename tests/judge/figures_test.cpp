// SPDX-License-Identifier: Apache-2.0
// Figures of a workload's own, times of accesses, bystanders, and the checks that go with swap.
#include <fmt/format.h>

#include "tests/judge/judged_trial.hpp"

namespace tlbstorm::judge {
namespace {

using namespace std::chrono_literals;
using trial::Access;
using trial::AccessClass;
using trial::Better;
using trial::Met;

class OwnFigures : public JudgedTrial {
 protected:
  OwnFigures() {
    plan_.workers = 2;
    grow_["workload.pages"] = 4000;
  }
  void figure(std::vector<std::string> part, std::vector<std::string> whole, double scale = 1) {
    definition_.figures = {{"own", "unit", Better::lower, "", std::move(part), std::move(whole), scale}};
  }
};

TEST_F(OwnFigures, AreAPartOfAWholeTimesAScale) {
  figure({"interrupts.tlb"}, {"workload.pages"}, 8);
  EXPECT_DOUBLE_EQ(figures(judge()).at("own"), 2);
}

TEST_F(OwnFigures, KnowSecondsAndTheWorkersSeconds) {
  figure({"workload.pages"}, {"seconds"});
  EXPECT_DOUBLE_EQ(figures(judge()).at("own"), 2000);
  figure({"worker_seconds"}, {"workload.pages"}, 1e9);
  EXPECT_DOUBLE_EQ(figures(judge()).at("own"), 1e6);
  plan_.onlookers = 1;  // mprotect-storm --readers 1
  EXPECT_DOUBLE_EQ(figures(judge()).at("own"), 5e5) << "its time did none of that";
}

TEST_F(OwnFigures, SumTheColumnsThatThereAre) {
  figure({"vmstat.allocstall_normal", "interrupts.tlb", "interrupts.cal"}, {"workload.pages"});
  EXPECT_DOUBLE_EQ(figures(judge()).at("own"), 1900.0 / 4000);
}

TEST_F(OwnFigures, OfAColumnThatIsThereButNotKnownAreAbsentAndNotTheSumOfTheOthers) {
  grow_["interrupts.cal"] = probe::kAbsent;
  figure({"vmstat.allocstall_normal", "interrupts.tlb", "interrupts.cal"}, {"workload.pages"});
  EXPECT_EQ(absence(judge(), "own"),
            "interrupts.cal could not be read where the measured phase began or ended");
  figure({"mean interrupts.cal"}, {});
  EXPECT_EQ(absence(judge(), "own"), "interrupts.cal could not be read while it was measured");
}

TEST_F(OwnFigures, WithoutAnyColumnAreAbsentForTheFirstOnesReason) {
  result_.sampling.absent.push_back({"zram", {"no zram device is a swap area", ""}});
  figure({"mean zram.stored", "mean zswap.stored"}, {"workload.pages"});
  EXPECT_EQ(absence(judge(), "own"), "no zram device is a swap area");
}

TEST_F(OwnFigures, WrongPagesAreZeroOnlyWherePagesWereVerified) {
  EXPECT_FALSE(figures(judge()).contains("wrong_pages"));
  EXPECT_EQ(absence(judge(), "wrong_pages"), "") << "the workload verifies nothing";
  grow_["workload.verified"] = 0;
  EXPECT_EQ(absence(judge(), "wrong_pages"), "no page was verified");
  grow_["workload.verified"] = 500;
  EXPECT_EQ(figures(judge()).at("wrong_pages"), 0);
  result_.wrong_pages = 3;
  EXPECT_EQ(figures(judge()).at("wrong_pages"), 3);
  grow_["workload.verified"] = 0;
  EXPECT_EQ(figures(judge()).at("wrong_pages"), 3);
}

TEST_F(OwnFigures, CorruptedTrialIsInvalidWhateverEndWasExpected) {
  result_.outcome = trial::Outcome::corrupted;
  result_.reason = "3 pages came back wrong";
  for (const trial::Outcome expected : {trial::Outcome::ok, trial::Outcome::oom}) {
    plan_.expect = expected;
    EXPECT_EQ(verdict("outcome"), Grade::failed);
  }
}

TEST_F(OwnFigures, WithoutAWholeAreThePart) {
  figure({"interrupts.tlb"}, {});
  EXPECT_DOUBLE_EQ(figures(judge()).at("own"), 1000);
}

TEST_F(OwnFigures, OfNothingAreAbsentAndNotZeroOrInfinite) {
  grow_["workload.pages"] = 0;
  figure({"interrupts.tlb"}, {"workload.pages"});
  EXPECT_EQ(absence(judge(), "own"), "nothing of that kind happened");
}

TEST_F(OwnFigures, TakeTheMeanOfAGauge) {
  figure({"mean vmstat.pgscan_file"}, {});  // any column: its one sample in the window is the last
  EXPECT_DOUBLE_EQ(figures(judge()).at("own"), 1e6 + 16000);
}

class SwapChecks : public JudgedTrial {
 protected:
  SwapChecks() {
    plan_.swaps = true;
    result_.workers[0].measured.major_faults = 600;
    result_.workers[1].measured.major_faults = 400;
    grow_["vmstat.pswpin"] = 1000;
    grow_["vmstat.pswpout"] = 1000;
    grow_["vmstat.swpin_zero"] = 0;
    grow_["vmstat.swpout_zero"] = 0;
  }
  std::string detail(const std::string& name) {
    for (const Finding& check : judge().checks)
      if (check.id == name) return check.found;
    return "";
  }
};

TEST_F(SwapChecks, FaultsThatSwapAccountsForAreFine) { EXPECT_EQ(verdict("device_io"), Grade::ok); }

TEST_F(SwapChecks, FaultsThatNoDeviceSawAreInvalidWithBothFigures) {
  grow_["vmstat.pswpin"] = 200;
  grow_["vmstat.swpin_zero"] = 800;
  EXPECT_EQ(verdict("device_io"), Grade::failed);
  EXPECT_NE(detail("device_io").find("1000 major faults; pages read from swap: 200 by vmstat"),
            std::string::npos)
      << detail("device_io");
  plan_.zero_pages_meant = true;
  EXPECT_EQ(verdict("device_io"), Grade::ok);
}

TEST_F(SwapChecks, CompressedCacheInFrontOfSwapAccountsForFaultsToo) {
  grow_["vmstat.pswpin"] = 0;
  grow_["vmstat.zswpin"] = 1000;
  EXPECT_EQ(verdict("device_io"), Grade::ok);
}

TEST_F(SwapChecks, WithoutTheCounterItIsNotKnown) {
  grow_.erase("vmstat.pswpin");
  EXPECT_EQ(verdict("device_io"), Grade::unknown);
}

TEST_F(SwapChecks, BlockLayerMustHaveSeenWhatVmstatCounts) {
  grow_["swapdev.read_bytes"] = 950 * 4096.0;
  EXPECT_EQ(verdict("device_io"), Grade::ok);
  grow_["swapdev.read_bytes"] = 500 * 4096.0;
  EXPECT_EQ(verdict("device_io"), Grade::failed);
  EXPECT_NE(detail("device_io").find("in the whole trial 1000 by vmstat, 500 by the block layer"),
            std::string::npos)
      << detail("device_io");
}

TEST_F(SwapChecks, CacheInFrontOfTheDeviceIsNoBusinessOfTheBlockLayer) {
  grow_["vmstat.pswpin"] = 500;
  grow_["vmstat.zswpin"] = 500;
  grow_["swapdev.read_bytes"] = 500 * 4096.0;
  EXPECT_EQ(verdict("device_io"), Grade::ok) << detail("device_io");
}

TEST_F(SwapChecks, BlockLayerDecidesNothingWhereFilesHoldPagesToo) {
  grow_["swapdev.read_bytes"] = 500 * 4096.0;
  grow_["swapdev.in_files"] = 4096;
  EXPECT_EQ(verdict("device_io"), Grade::ok);
  EXPECT_EQ(detail("device_io").find("block layer"), std::string::npos);
}

TEST_F(SwapChecks, CgroupMustHaveSeenTheFaultsTooButForWhatItMayLag) {
  grow_["memcg.pswpin"] = 500;
  EXPECT_EQ(verdict("device_io"), Grade::failed);
  EXPECT_NE(detail("device_io").find("1000 by vmstat, 500 by the cgroup"), std::string::npos)
      << detail("device_io");
  grow_["memcg.zswpin"] = 300;
  EXPECT_EQ(verdict("device_io"), Grade::ok) << "64 updates a CPU may be pending";
}

TEST_F(SwapChecks, ZeroPagesThatWereMeantAreNoFault) {
  grow_["vmstat.swpout_zero"] = 900;
  EXPECT_EQ(verdict("zero_pages"), Grade::failed);
  plan_.zero_pages_meant = true;
  EXPECT_EQ(verdict("zero_pages"), Grade::ok);
}

class Expectations : public JudgedTrial {};

TEST_F(Expectations, ExpectedEndIsValidAndAnotherIsNot) {
  plan_.expect = trial::Outcome::oom;
  EXPECT_EQ(verdict("outcome"), Grade::failed);
  result_.outcome = trial::Outcome::oom;
  EXPECT_EQ(verdict("outcome"), Grade::ok);
  plan_.expect = trial::Outcome::ok;
  EXPECT_EQ(verdict("outcome"), Grade::failed);
}

TEST_F(Expectations, WorkloadThatReclaimsNothingIsNotAskedForIt) {
  plan_.reclaims = false;
  grow_["vmstat.pgsteal_file"] = 0;
  EXPECT_EQ(verdict("pages_gone"), Grade::ok);
  EXPECT_FALSE(figures(judge()).contains("ipis_per_page"));
  EXPECT_EQ(absence(judge(), "ipis_per_page"), "") << "not asked for, so not absent either";
  EXPECT_TRUE(figures(judge()).contains("tlb_ipis"));
}

class StolenTime : public JudgedTrial {
 protected:
  StolenTime() {
    plan_.bystanders = 1;
    result_.gaps = std::make_unique<trial::Histogram>();
    for (int i = 0; i < 10; ++i) result_.gaps->record(5us);
    trial::BystanderResult bystander;
    bystander.lost = 200ms;
    bystander.gaps = 10;
    bystander.measured.wall = 2s;
    bystander.measured.user = 1900ms;
    result_.bystanders.push_back(bystander);
  }
};

TEST_F(StolenTime, LoseAShareOfTheirTime) {
  const auto all = figures(judge());
  EXPECT_DOUBLE_EQ(all.at("bystander_lost_time"), 0.1);
  EXPECT_DOUBLE_EQ(all.at("bystander_gaps"), 5);
  EXPECT_NEAR(all.at("bystander_gap_p50"), 5000, 50);
  EXPECT_DOUBLE_EQ(all.at("bystander_gap_max"), 5000);
}

TEST_F(StolenTime, AreNotSpokenOfWhenThereAreNone) {
  plan_.bystanders = 0;
  EXPECT_FALSE(figures(judge()).contains("bystander_lost_time"));
  EXPECT_EQ(absence(judge(), "bystander_lost_time"), "");
}

class AccessTimes : public JudgedTrial {
 protected:
  AccessTimes() {
    definition_.times_accesses = true;
    result_.latency = std::make_unique<trial::Latencies>();
  }
  void record(Access access, Met met, os::Nanoseconds time, int times) {
    for (int i = 0; i < times; ++i) (*result_.latency)[AccessClass(access, met).index()].record(time);
  }
};

TEST_F(AccessTimes, OfHitsAndFaultsAreNeverMixed) {
  record(Access::read, Met::hit, 100ns, 1000);
  record(Access::read, Met::minor, 1us, 10);
  record(Access::write, Met::major, 10us, 10);
  record(Access::read, Met::major, 1ms, 1);
  const auto all = figures(judge());
  EXPECT_DOUBLE_EQ(all.at("hit_latency_p99"), 100);
  EXPECT_NEAR(all.at("fault_latency_p50"), 10'000, 100);
  EXPECT_NEAR(all.at("major_fault_latency_p50"), 10'000, 100);
  EXPECT_DOUBLE_EQ(all.at("fault_latency_max"), 1e6);
  EXPECT_NEAR(all.at("fault_latency_p99_99"), 1e6, 1e4);
}

TEST_F(AccessTimes, OfAKindThatDidNotHappenAreAbsent) {
  record(Access::read, Met::hit, 100ns, 10);
  EXPECT_EQ(absence(judge(), "fault_latency_p99"), "no access faulted");
  EXPECT_EQ(absence(judge(), "major_fault_latency_max"), "no access met a major fault");
}

}  // namespace
}  // namespace tlbstorm::judge
