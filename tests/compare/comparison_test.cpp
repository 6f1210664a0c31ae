// SPDX-License-Identifier: Apache-2.0
// What is said of two sides, metric by metric.
#include "harness/compare/comparison.hpp"

#include "harness/compare/batches.hpp"
#include "harness/judge/latencies.hpp"
#include "harness/stats/buckets.hpp"
#include "tests/compare/made_sides.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of;
using test::run_of_ipis;
using test::Values;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class ComparisonTest : public test::MadeRunsTest {
 protected:
  Comparison compared(const MadeRun& base, const MadeRun& next, const ComparisonOptions& options = {}) const {
    auto [before, after] =
        test::in_turn(read_side("base", {put("base", base)}), read_side("new", {put("new", next)}));
    return compare(std::move(before), std::move(after), options);
  }
  Comparison of_one_run_each(const MadeRun& base, const MadeRun& next) const {
    return compare(read_side("base", {put("base", base)}), read_side("new", {put("new", next)}), {});
  }
  MetricChange of_ipis(const Values& base, const Values& next, const ComparisonOptions& options = {}) const {
    return compared(run_of_ipis(base), run_of_ipis(next), options).metrics.at(0);
  }
};

TEST_F(ComparisonTest, SaysBetterOrWorseByTheMetricsDirection) {
  EXPECT_EQ(of_ipis(around(1), around(1.2)).verdict, Verdict::worse) << "fewer IPIs are better";
  EXPECT_EQ(of_ipis(around(1), around(0.8)).verdict, Verdict::better);
  const auto throughput = [&](double base, double next) {
    return compared(run_of("throughput", "operations/s", around(base)),
                    run_of("throughput", "operations/s", around(next)))
        .metrics.at(0)
        .verdict;
  };
  EXPECT_EQ(throughput(1e6, 1.2e6), Verdict::better);
  EXPECT_EQ(throughput(1e6, 0.8e6), Verdict::worse);
}

TEST_F(ComparisonTest, SaysChangedWhereNeitherWayIsBetter) {
  const MetricChange change =
      compared(run_of("user_time", "cpu/worker", around(0.5)), run_of("user_time", "cpu/worker", around(0.7)))
          .metrics.at(0);
  EXPECT_EQ(change.verdict, Verdict::changed);
  EXPECT_NEAR(change.change, 0.4, 0.01);
  EXPECT_TRUE(change.interval.contains(0.4));
}

TEST_F(ComparisonTest, WorkloadSaysItselfWhichWayItsOwnFiguresAreBetter) {
  const auto verdict = [&](const std::string& better) {
    return compared(run_of("storms", "x", around(1)).own_figure("storms", better),
                    run_of("storms", "x", around(2)).own_figure("storms", better))
        .metrics.at(0)
        .verdict;
  };
  EXPECT_EQ(verdict("higher"), Verdict::better);
  EXPECT_EQ(verdict("lower"), Verdict::worse);
  EXPECT_EQ(verdict("-"), Verdict::changed);
}

TEST_F(ComparisonTest, SameIsAnIntervalThatIsAllNear) {
  EXPECT_EQ(of_ipis(around(1), around(1.001)).verdict, Verdict::same);
  EXPECT_EQ(of_ipis({2, 2, 2, 2, 2}, {2, 2, 2, 2, 2}).verdict, Verdict::same);
  EXPECT_EQ(of_ipis({0, 0, 0, 0}, {0, 0, 0, 0}).verdict, Verdict::same);
}

TEST_F(ComparisonTest, NoisyIsNotEqual) {
  const MetricChange noisy = of_ipis({1, 1.4, 0.7, 1.2, 0.9}, {1.1, 0.8, 1.5, 1, 1.3});
  EXPECT_EQ(noisy.verdict, Verdict::unsure);
  EXPECT_GT(noisy.runs_needed, 5U) << "so many runs a side would show such a change";
}

TEST_F(ComparisonTest, TooFewRunsAreSaidAndShowNothing) {
  const Comparison three = compared(run_of_ipis(around(1, 3)), run_of_ipis(around(1.2, 3)));
  EXPECT_EQ(three.metrics.at(0).verdict, Verdict::unsure) << "3 against 3 can at best show p = 0.1";
  EXPECT_THAT(three.notes, Contains(StartsWith("3 runs a side are too few for a verdict")));
  const Comparison four = compared(run_of_ipis(around(1, 4)), run_of_ipis(around(1.2, 4)));
  EXPECT_EQ(four.metrics.at(0).verdict, Verdict::worse);
  EXPECT_EQ(four.evidence, "4 runs a side, in turn");
  EXPECT_THAT(compared(run_of_ipis(around(1)), run_of_ipis(around(9))).notes, IsEmpty());
}

TEST_F(ComparisonTest, OneRunASideSaysNothingButOfWhatIsGross) {
  const auto run = [](double times) {
    MadeRun made = run_of_ipis(around(times, 10)).with("tlb_ipis", "IPIs", around(1000 * times, 10));
    made.manifest["plan"]["primary"] = "ipis_per_page";
    return made;
  };
  const Comparison more = of_one_run_each(run(1), run(1.2));
  EXPECT_EQ(more.metrics.at(0).verdict, Verdict::unsure);
  EXPECT_GE(more.metrics.at(0).runs_needed, 4u);
  EXPECT_EQ(more.evidence, "1 run a side");
  EXPECT_THAT(more.notes, Contains(StartsWith("a run has luck of its own, and there is one a side")));
  EXPECT_EQ(of_one_run_each(run(1), run(1)).metrics.at(0).verdict, Verdict::same);
  const Comparison gross = of_one_run_each(run(1), run(1.6));
  EXPECT_EQ(gross.metrics.at(0).verdict, Verdict::worse);
  EXPECT_EQ(gross.metrics.at(1).verdict, Verdict::unsure) << "it is not what the workload is about";
}

TEST_F(ComparisonTest, DriftThroughOneSideAfterTheOtherIsNoChange) {
  const Values before{1.00, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06},
      after{1.07, 1.08, 1.09, 1.10, 1.11, 1.12, 1.13};
  const Side base = test::trials_as_runs(read_side("base", {put("base", run_of_ipis(before))}), 0, 1),
             next = test::trials_as_runs(read_side("new", {put("new", run_of_ipis(after))}), 7, 1);
  const Comparison comparison = compare(base, next, {});
  EXPECT_EQ(comparison.metrics.at(0).verdict, Verdict::unsure);
  EXPECT_EQ(comparison.evidence, "7 runs a side, one side after the other");
}

TEST_F(ComparisonTest, OneTrialHasNoIntervalAndNoAnswer) {
  const MetricChange one = of_ipis({1}, {2});
  EXPECT_EQ(one.verdict, Verdict::unsure);
  EXPECT_TRUE(std::isnan(one.interval.low));
  EXPECT_DOUBLE_EQ(one.change, 1);
  EXPECT_EQ(one.runs_needed, 0U) << "one value says nothing of the noise";
}

TEST_F(ComparisonTest, InvalidTrialsAreNoEvidenceAndAreSaid) {
  const Comparison comparison =
      compared(run_of_ipis({1, 50, 1, 1, 1}).invalid(2), run_of_ipis({1, 1, 1, 1, 70}).invalid(5));
  EXPECT_THAT(comparison.metrics.at(0).base_values, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(comparison.metrics.at(0).next_values, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(comparison.notes,
              Contains("base: 1 of 5 trials are invalid and left out: see tlbstorm report"));
  EXPECT_THAT(comparison.notes, Contains("new: 1 of 5 trials are invalid and left out: see tlbstorm report"));
}

TEST_F(ComparisonTest, PagesThatCameBackWrongAreSaid) {
  const Comparison comparison =
      compared(run_of_ipis(around(1)), run_of_ipis(around(1)).corrupted(2, 30).corrupted(3, 1));
  EXPECT_THAT(comparison.notes,
              Contains("new: DATA CORRUPTION: 31 pages came back wrong: see tlbstorm report"));
  EXPECT_THAT(comparison.notes, Not(Contains(StartsWith("base: "))));
}

TEST_F(ComparisonTest, NothingIsComparedWhereNoTrialIsValid) {
  const Comparison comparison = compared(run_of_ipis({1}).invalid(1), run_of_ipis(around(1)));
  EXPECT_THAT(comparison.metrics, IsEmpty());
  EXPECT_THAT(compared(MadeRun(), MadeRun()).metrics, IsEmpty()) << "runs without any trial";
}

TEST_F(ComparisonTest, RunsOfASideArePooled) {
  const Side side =
      read_side("base", {put("a", run_of_ipis({1, 2})), put("b", run_of_ipis({3, 4, 5}).invalid(2))});
  EXPECT_THAT(side.values("ipis_per_page"), ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(side.values_by_run("ipis_per_page"), ElementsAre(ElementsAre(1, 2), ElementsAre(3, 5)));
  EXPECT_EQ(side.trials(), 5);
  EXPECT_EQ(side.valid_trials(), 4);
}

TEST_F(ComparisonTest, TimesTakenBesideOtherProbesAreUnsureAndCountsAreNot) {
  const auto beside = [](const char* probe, double times) {
    MadeRun run = run_of_ipis(around(times)).with("ns_per_page", "ns/page", around(100 * times));
    for (auto& trial : run.manifest["trials"])
      trial["sampling"]["probes"] = {{"interrupts", {{"read_us", 1}}}, {probe, {{"read_us", 1}}}};
    return run;
  };
  const Comparison other = compared(beside("vmstat", 1), beside("tlbflush", 2));
  EXPECT_EQ(other.metrics.at(0).verdict, Verdict::worse) << "a count";
  EXPECT_EQ(other.metrics.at(1).verdict, Verdict::unsure) << "a time";
  EXPECT_THAT(other.metrics.at(1).remarks, Contains(StartsWith("instrument differs")));
  const Comparison same = compared(beside("tlbflush", 1), beside("tlbflush", 2));
  EXPECT_EQ(same.metrics.at(1).verdict, Verdict::worse);
  const Comparison harmless = compared(beside("vmstat", 1), beside("psi", 2));
  EXPECT_EQ(harmless.metrics.at(1).verdict, Verdict::worse) << "files are read, no event is counted";
}

TEST_F(ComparisonTest, PairIsLeftOutWhenOneOfItsTrialsIsInvalid) {
  ComparisonOptions paired;
  paired.paired = true;
  const MetricChange change = compared(run_of_ipis({1, 2, 3, 4, 5, 6, 7}).invalid(2),
                                       run_of_ipis({11, 12, 13, 14, 15, 16, 17}).invalid(6), paired)
                                  .metrics.at(0);
  EXPECT_THAT(change.base_values, ElementsAre(1, 3, 4, 5, 7));
  EXPECT_THAT(change.next_values, ElementsAre(11, 13, 14, 15, 17));
}

TEST_F(ComparisonTest, PairsShowWhatTheNoiseBetweenThemHides) {
  const Values base{1, 4, 2, 8, 3, 6, 5, 7}, next{1.1, 4.3, 2.2, 8.7, 3.4, 6.5, 5.3, 7.6};
  ComparisonOptions paired;
  paired.paired = true;
  EXPECT_EQ(of_ipis(base, next).verdict, Verdict::unsure);
  const MetricChange change = of_ipis(base, next, paired);
  EXPECT_EQ(change.verdict, Verdict::worse);
  EXPECT_DOUBLE_EQ(change.test.p, 2.0 / 256);
  EXPECT_NEAR(change.change, 0.09, 0.02);
}

TEST_F(ComparisonTest, BaseOfZeroHasNoPartButTheOrderTells) {
  const MetricChange change = of_ipis({0, 0, 0, 0, 0}, {3, 4, 5, 6, 7});
  EXPECT_TRUE(std::isnan(change.change));
  EXPECT_TRUE(std::isnan(change.interval.low));
  EXPECT_EQ(change.verdict, Verdict::worse);
  EXPECT_DOUBLE_EQ(change.shift, 5);
  ComparisonOptions paired;
  paired.paired = true;
  const MetricChange of_pairs = of_ipis({0, 0, 0, 0, 0, 0}, {3, 4, 5, 6, 7, 8}, paired);
  EXPECT_TRUE(std::isnan(of_pairs.change));
  EXPECT_TRUE(std::isnan(of_pairs.interval.low)) << of_pairs.interval.low;
  EXPECT_EQ(of_pairs.verdict, Verdict::worse);
}

TEST_F(ComparisonTest, SharesChangeByPercentagePoints) {
  const auto of = [&](double base, double next) {
    return compared(run_of("full_flushes", "share", around(base)),
                    run_of("full_flushes", "share", around(next)))
        .metrics.at(0);
  };
  EXPECT_NEAR(of(0.02, 0.06).change, 0.04, 0.001) << "and not three times as much";
  EXPECT_EQ(of(0.02, 0.06).verdict, Verdict::changed);
  EXPECT_EQ(of(0.002, 0.004).verdict, Verdict::same) << "less than half a point";
  EXPECT_NEAR(of(0, 0.06).interval.low, 0.06, 0.001) << "a base of zero is no obstacle";
}

TEST_F(ComparisonTest, SomeZerosAmongTheBaseLeaveAnInterval) {
  // The median of some resamples of such a base is zero.
  const MetricChange change = of_ipis({3, 0, 5, 0, 4}, {15, 13, 17, 14, 16});
  EXPECT_NEAR(change.change, 12.0 / 3, 0.5);
  EXPECT_LT(change.interval.low, change.change);
  EXPECT_GT(change.interval.high, change.change);
  EXPECT_TRUE(std::isfinite(change.interval.high));
  EXPECT_EQ(change.verdict, Verdict::worse);
}

TEST_F(ComparisonTest, OutliersAreToldAndNotLeftOut) {
  const MetricChange change = of_ipis({1, 1.01, 0.99, 1.02, 0.98, 9}, around(1));
  EXPECT_EQ(change.base.n, 6U);
  EXPECT_THAT(change.base.outliers, ElementsAre(5));
  EXPECT_THAT(change.remarks, ElementsAre("base: outlier 9 (median 1.005)"));
}

TEST_F(ComparisonTest, PercentilesThatHangOnAFewAccessesAreTold) {
  const auto run = [](int accesses) {
    return run_of_ipis({1, 1})
        .with("major_fault_latency_p99", "ns", {5, 6})
        .took(1, 5, accesses)
        .took(2, 5, 1000);
  };
  const auto remarks = [&](int before, int after) {
    return of_one_run_each(run(before), run(after)).metrics.back().remarks;
  };
  EXPECT_THAT(remarks(1000, 1000), IsEmpty());
  EXPECT_THAT(remarks(1000, 999), ElementsAre(std::string(judge::kFewNote)));
  EXPECT_THAT(remarks(999, 1000), ElementsAre(std::string(judge::kFewNote)));
}

TEST_F(ComparisonTest, OnlyTheMetricsAskedForAreCompared) {
  ComparisonOptions options;
  options.metrics = {"ipis_*", "nothing"};
  const auto run = [] {
    return run_of_ipis(around(1)).with("throughput", "operations/s", around(5)).took(1, 1000, 5);
  };
  const Comparison comparison = compared(run(), run(), options);
  ASSERT_EQ(comparison.metrics.size(), 1U);
  EXPECT_EQ(comparison.metrics[0].metric.name, "ipis_per_page");
  EXPECT_THAT(comparison.distributions, IsEmpty());
}

TEST_F(ComparisonTest, MetricThatOneSideLacksIsNamed) {
  const Comparison comparison =
      compared(run_of_ipis(around(1)).with("tlb_ipis", "IPIs", around(5)),
               run_of_ipis(around(1)).with("throughput", "operations/s", around(5)));
  EXPECT_EQ(comparison.metrics.size(), 1U);
  EXPECT_THAT(comparison.notes, Contains("only the base has tlb_ipis"));
  EXPECT_THAT(comparison.notes, Contains("only the new side has throughput"));
}

TEST_F(ComparisonTest, RemarksOnTheFoldersAreNotes) {
  MadeRun killed = run_of_ipis(around(1));
  killed.manifest["state"] = "running";
  EXPECT_THAT(compared(killed, run_of_ipis(around(1))).notes, Contains(HasSubstr("the run has not ended")));
}

}  // namespace
}  // namespace tlbstorm::compare
