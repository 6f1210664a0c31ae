// SPDX-License-Identifier: Apache-2.0
// Who disturbed: shares of CPUs against the limit of 5%, and how sure they are.
#include <gmock/gmock.h>

#include "tests/judge/judged_trial.hpp"

namespace tlbstorm::judge {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ForeignLoad : public JudgedTrial {
 protected:
  Grade grade() { return verdict("foreign_load"); }
  std::string text() { return check("foreign_load").found; }
};

TEST_F(ForeignLoad, OfAWorkersCpuCountsHoweverManyCpusThereAre) {
  for (int cpu = 2; cpu < 64; ++cpu) machine_.topology.online.push_back(cpu);
  disturb("cc1plus", 1, 90ms);
  EXPECT_EQ(grade(), Grade::ok) << text();
  disturb("dd", 1, 60ms);
  EXPECT_EQ(grade(), Grade::failed);
  EXPECT_EQ(text(), "disturbed: 7.5% of CPU 1: cc1plus 4.5%, dd 3.0%");
}

TEST_F(ForeignLoad, WhereNoWorkerIsCountsAsAPartOfAllCpus) {
  for (int cpu = 2; cpu < 64; ++cpu) machine_.topology.online.push_back(cpu);
  disturb("make", 17, 2s);
  EXPECT_EQ(grade(), Grade::ok) << text();
  disturb("make", 18, 10s);
  EXPECT_EQ(grade(), Grade::failed);
  EXPECT_THAT(text(), HasSubstr("disturbed: 9.4% of all CPU time: make "));
}

TEST_F(ForeignLoad, OfTasksThatHaveEndedIsFound) {
  result_.others.foreign_total = 400ms;
  result_.others.beside_worker[0] = 400ms;
  EXPECT_EQ(grade(), Grade::failed);
  EXPECT_EQ(text(), "disturbed: 20.0% of CPU 0: short-lived tasks, or such as we may not see");
}

TEST_F(ForeignLoad, OfTasksThatEndedIsNamedWhereTheKernelToldOfThem) {
  result_.others.foreign_total = 400ms;
  result_.others.beside_worker[0] = 400ms;
  result_.others.ended = {{"cc1", -1, 300ms}, {"sh", -1, 50ms}};
  EXPECT_EQ(text(), "disturbed: 20.0% of CPU 0: cc1 15.0%, sh 2.5% by tasks that ended");
}

TEST_F(ForeignLoad, OfTasksThatHaveEndedIsSpreadWhereNobodyKnowsTheirCpu) {
  definition_.pacing = trial::Pacing::rounds;
  result_.others.foreign_total = 400ms;
  EXPECT_EQ(grade(), Grade::failed) << "a tenth of each of the two CPUs";
  result_.others.foreign_total = 100ms;
  EXPECT_EQ(grade(), Grade::ok) << text();
}

TEST_F(ForeignLoad, KernelThreadsThatWorkForTheTrialAreShownOnly) {
  result_.others.kernel = {{"kswapd0", 1, 1s}};
  EXPECT_EQ(grade(), Grade::ok);
  EXPECT_THAT(text(), HasSubstr("kernel threads beside them: kswapd0 50.0%"));
}

TEST_F(ForeignLoad, FlushesByOthersAreAWarningWhereTheyAreCounted) {
  EXPECT_EQ(verdict("foreign_shootdowns"), Grade::not_applicable) << "nobody knows who sent them";
  grow_["tlbflush.sent_by_trial"] = 490;
  grow_["tlbflush.sent_by_kswapd"] = 0;
  EXPECT_EQ(verdict("foreign_shootdowns"), Grade::ok) << check("foreign_shootdowns").found;
  grow_["tlbflush.sent_by_trial"] = 400;
  EXPECT_EQ(verdict("foreign_shootdowns"), Grade::warning);
  EXPECT_EQ(check("foreign_shootdowns").found, "100 of 500 flushes were sent by others");
}

class ForeignReclaim : public JudgedTrial {
 protected:
  Grade grade() { return verdict("foreign_reclaim"); }
};

TEST_F(ForeignReclaim, OfAWorkloadThatReclaimsNothingIsAllThatIsReclaimed) {
  plan_.reclaims = false;
  EXPECT_EQ(grade(), Grade::failed) << "8000 pages beside 1000 interrupts";
  EXPECT_EQ(check("foreign_reclaim").found,
            "8000 pages were taken from others (3000 by kswapd, 0 by khugepaged, 0 by DAMON)");
  grow_["vmstat.pgsteal_file"] = 100;
  EXPECT_EQ(grade(), Grade::ok) << "a few";
  grow_["interrupts.tlb"] = 1e6;
  grow_["vmstat.pgsteal_file"] = 8000;
  EXPECT_EQ(grade(), Grade::ok) << "0.8% of what is counted";
}

TEST_F(ForeignReclaim, DamonsIsCountedWhereItTells) {
  plan_.reclaims = false;
  grow_["vmstat.pgsteal_file"] = 0;
  EXPECT_EQ(grade(), Grade::ok);
  grow_["damon.reclaimed"] = 4096.0 * 1000;
  EXPECT_EQ(grade(), Grade::failed);
  grow_.erase("damon.reclaimed");
  result_.sampling.absent.push_back({"damon", {"its statistics are not renewed", ""}});
  EXPECT_EQ(grade(), Grade::unknown);
}

TEST_F(ForeignReclaim, IsWhatTheCgroupDidNotLose) {
  grow_["memcg.pgsteal"] = 7900;
  EXPECT_EQ(grade(), Grade::ok);
  grow_["vmstat.pgsteal_file"] = 16000;
  EXPECT_EQ(grade(), Grade::failed);
}

TEST_F(ForeignReclaim, IsUnknownWhereTheTrialsOwnPagesCanNotBeToldApart) {
  EXPECT_EQ(grade(), Grade::unknown);
  EXPECT_FALSE(check("foreign_reclaim").decides);
  grow_["workload.pages_gone"] = 8000;
  EXPECT_EQ(grade(), Grade::failed) << "MADV_PAGEOUT is in no such counter, so these are others'";
}

TEST_F(ForeignLoad, ThatIsCoarserThanItsLimitDecidesOnlyWhereItIsClear) {
  result_.others.wall = 100ms;
  EXPECT_EQ(grade(), Grade::unknown) << "two ticks of 4 ms are 8%";
  EXPECT_THAT(text(), HasSubstr("give or take 8.0%: 100 ms were measured"));
  disturb("dd", 1, 14ms);
  EXPECT_EQ(grade(), Grade::failed) << "14% of the CPU, give or take 8%";
  result_.others = {};
  result_.others.wall = 400ms;
  result_.others.accounted = true;
  result_.others.resolution = 8ms;
  EXPECT_EQ(grade(), Grade::ok) << "0%, give or take 2%";
}

TEST_F(ForeignLoad, IsExactWhereTheWorkersSpin) {
  plan_.workers_spin = true;
  result_.others.wall = 50ms;
  for (trial::WorkerResult& worker : result_.workers) worker.measured = {.wall = 50ms, .on_cpu = 50ms};
  EXPECT_EQ(grade(), Grade::ok) << text();
  disturb("dd", 1, 4ms);
  result_.workers[1].measured.on_cpu = 46ms;
  EXPECT_EQ(grade(), Grade::failed);
  EXPECT_EQ(text(), "disturbed: 8.0% of CPU 1: dd 8.0%");
  EXPECT_EQ(check("sharers_on_cpu").found,
            "the worker that ran least was on its CPU 1 for 92.0%; beside it: dd 8.0%");
}

TEST_F(ForeignLoad, OfRoundsIsKnownHoweverTheirWorkersEnded) {
  definition_.pacing = trial::Pacing::rounds;
  result_.killed = true;
  result_.workers[1].measured = {};
  EXPECT_EQ(grade(), Grade::ok) << text();
  EXPECT_EQ(verdict("sharers_on_cpu"), Grade::ok);
  EXPECT_EQ(verdict("waiting_for_cpu"), Grade::ok);
  disturb("dd", 1, 1s);
  EXPECT_EQ(grade(), Grade::failed);
}

TEST_F(ForeignLoad, IsNotKnownWithoutTheKernelsAccountUnlessItIsSeen) {
  result_.others.accounted = false;
  EXPECT_EQ(grade(), Grade::unknown);
  EXPECT_EQ(text(), "the kernel gives no account of all tasks' time");
  disturb("dd", 0, 1s);
  EXPECT_EQ(grade(), Grade::failed);
}

}  // namespace
}  // namespace tlbstorm::judge
