// SPDX-License-Identifier: Apache-2.0
// What becomes of rules: pass, fail, not enough evidence.
#include "tests/compare/gate/gate_fixture.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using test::Values;
using ::testing::HasSubstr;

TEST_F(GateTest, FailsWhenTheWholeIntervalLiesBeyond) {
  const RuleResult worse = of_ipis(around(1), around(1.2), "<= +5%");
  EXPECT_EQ(worse.ruling, Ruling::fail) << worse.why;
  EXPECT_THAT(worse.why, HasSubstr("changed by +20."));
  EXPECT_THAT(worse.why, HasSubstr(", beyond +5.0%"));
  EXPECT_GT(worse.interval.low, 0.05);
  EXPECT_EQ(of_ipis(around(1), around(0.8), ">= -5%").ruling, Ruling::fail);
}

TEST_F(GateTest, PassesWhenItLiesWithin) {
  EXPECT_EQ(of_ipis(around(1), around(1.01), "<= +5%").ruling, Ruling::pass);
  EXPECT_EQ(of_ipis(around(1), around(0.5), "<= +5%").ruling, Ruling::pass) << "better is within";
  EXPECT_EQ(of_ipis(around(1), around(0.99), ">= -5%").ruling, Ruling::pass);
  EXPECT_THAT(of_ipis(around(1), around(1.01), "<= +5%").why, HasSubstr(", within +5.0%"));
}

TEST_F(GateTest, FailsWhatCameBackWrongWhateverTheRulesSay) {
  const Gate good =
      judged(run_of_ipis(around(1)).corrupted(1, 3), run_of_ipis(around(1)), {"ipis_per_page <= +5%"});
  EXPECT_EQ(good.ruling(), Ruling::pass) << "the base is not what is judged";
  const Gate gate =
      judged(run_of_ipis(around(1, 9)), run_of_ipis(around(1, 9)).corrupted(4, 1), {"ipis_per_page <= +5%"});
  EXPECT_EQ(gate.results.at(0).ruling, Ruling::pass);
  EXPECT_EQ(gate.ruling(), Ruling::fail);
  EXPECT_THAT(gate.notes,
              testing::ElementsAre("new: DATA CORRUPTION: 1 page came back wrong: see tlbstorm report"));
}

TEST_F(GateTest, IsUnsureWhenTheIntervalHasTheBoundInIt) {
  const RuleResult noisy = of_ipis(around(1, 6, 0.2), around(1.05, 6, 0.2), "<= +5%");
  EXPECT_EQ(noisy.ruling, Ruling::unsure);
  EXPECT_THAT(noisy.why,
              testing::ContainsRegex("which is not clear of \\+5\\.0%; about [0-9]+ runs a side would tell"));
}

TEST_F(GateTest, BoundItselfIsKept) {
  const Values base(6, 100), next(6, 105);
  EXPECT_EQ(of_ipis(base, next, "<= +5%").ruling, Ruling::pass);
  EXPECT_EQ(of_ipis(base, Values(6, 95), ">= -5%").ruling, Ruling::pass);
  EXPECT_EQ(of_ipis(base, Values(6, 105.01), "<= +5%").ruling, Ruling::fail);
  EXPECT_EQ(of_ipis(base, base, "<= +0%").ruling, Ruling::pass);
  EXPECT_EQ(alone(run_of_ipis({1, 2, 3}), "ipis_per_page <= 2").ruling, Ruling::pass);
}

TEST_F(GateTest, WantedImprovementThatDidNotComeFails) {
  EXPECT_EQ(of_ipis(around(1), around(1), "<= -10%").ruling, Ruling::fail);
  EXPECT_EQ(of_ipis(around(1), around(0.8), "<= -10%").ruling, Ruling::pass);
}

TEST_F(GateTest, DefaultRuleIsForThePrimaryMetricThatItsDirectionFits) {
  const auto primary = [](const char* name) {
    MadeRun run = run_of_ipis(around(1)).with("gain", "ratio", around(1)).own_figure("gain", "higher");
    run.manifest["plan"]["primary"] = name;
    return run;
  };
  const Gate lower = judged(primary("ipis_per_page"), primary("ipis_per_page"), {"primary <= +2%"});
  ASSERT_EQ(lower.results.size(), 1u);
  EXPECT_EQ(lower.results[0].rule.text, "ipis_per_page <= +2%");
  EXPECT_EQ(judged(primary("gain"), primary("gain"), {"primary >= -2%"}).results.at(0).rule.text,
            "gain >= -2%");
  EXPECT_THAT(complaint([&] { judged(primary("gain"), primary("gain"), {"primary <= +2%"}); }),
              HasSubstr("the runs have no metric primary"));
}

TEST_F(GateTest, FalseAlarmsAreCountedOverAllRules) {
  // p of one rule: 3 of 924 orders are as extreme.
  const Values base{1, 2, 3, 4, 5, 7}, next{6, 8, 9, 10, 11, 12};
  const RuleResult one = of_ipis(base, next, "<= +0%");
  EXPECT_NEAR(one.p, 2.0 / 924, 1e-9);
  const MadeRun before = run_of_ipis(base).with("tlb_ipis", "IPIs", base),
                after = run_of_ipis(next).with("tlb_ipis", "IPIs", base);
  const RuleResult of_two = judged(before, after, {"ipis_per_page <= +0%", "tlb_ipis <= +0%"}).results.at(0);
  EXPECT_NEAR(of_two.p, 4.0 / 924, 1e-9) << "Holm";
}

TEST_F(GateTest, InvalidTrialsAreNoEvidence) {
  const MadeRun spoiled = run_of_ipis({1, 1, 1, 1, 1, 1, 90, 90}).invalid(7).invalid(8);
  EXPECT_EQ(judged(run_of_ipis(around(1)), spoiled, {"ipis_per_page <= +5%"}).ruling(), Ruling::pass);
  const Gate none = judged(run_of_ipis(around(1)), run_of_ipis({9}).invalid(1), {"ipis_per_page <= +5%"});
  EXPECT_EQ(none.ruling(), Ruling::unsure);
  EXPECT_EQ(none.results.at(0).why, "no valid trial of the new runs has it");
  EXPECT_EQ(alone(run_of_ipis({9}).invalid(1), "ipis_per_page <= 5").why,
            "no valid trial of the new runs has it");
}

TEST_F(GateTest, BaseOfZeroMustStayZero) {
  EXPECT_EQ(of_ipis(Values(6, 0), Values(6, 0), "<= +5%").ruling, Ruling::pass);
  const RuleResult grew = of_ipis(Values(6, 0), around(3), "<= +5%");
  EXPECT_EQ(grew.ruling, Ruling::fail);
  EXPECT_EQ(grew.why, "was 0 and is 3 (medians), beyond +5.0%; 6 runs a side, in turn");
}

TEST_F(GateTest, SomeZerosAmongTheBaseAreJudged) {
  EXPECT_EQ(of_ipis({4, 0, 6, 3, 0, 5}, {24, 27, 23, 28, 25, 26}, "<= +5%").ruling, Ruling::fail);
}

TEST_F(GateTest, SharesAreJudgedInPercentagePoints) {
  const auto of = [&](double base, double next) {
    return judged(test::run_of("full_flushes", "share", around(base)),
                  test::run_of("full_flushes", "share", around(next)), {"full_flushes <= +5%"})
        .results.at(0);
  };
  EXPECT_EQ(of(0.01, 0.03).ruling, Ruling::pass) << "three times as much is two points more";
  EXPECT_THAT(of(0.01, 0.03).why, HasSubstr("changed by +2.0 pp (+2.0 pp .. +2.0 pp), within +5.0 pp"));
  EXPECT_EQ(of(0.10, 0.20).ruling, Ruling::fail);
}

TEST_F(GateTest, ChangeOfAFewInterruptsIsNothing) {
  const auto of = [&](const Values& base, const Values& next) {
    return judged(test::run_of("tlb_ipis", "IPIs", base), test::run_of("tlb_ipis", "IPIs", next),
                  {"tlb_ipis <= +5%"})
        .results.at(0);
  };
  EXPECT_EQ(of(Values(6, 0), Values(6, 3)).ruling, Ruling::pass);
  EXPECT_THAT(of(Values(6, 0), Values(6, 3)).why, HasSubstr("less than 16 IPIs is nothing"));
  EXPECT_EQ(of(Values(6, 0), Values(6, 500)).ruling, Ruling::fail);
  EXPECT_EQ(judged(test::run_of("tlb_ipis", "IPIs", around(10)), test::run_of("tlb_ipis", "IPIs", around(9)),
                   {"tlb_ipis <= -50%"})
                .ruling(),
            Ruling::fail)
      << "a gain that did not come";
}

TEST_F(GateTest, PairsAreJudgedAsPairs) {
  GateOptions paired;
  paired.paired = true;
  const Values base{1, 4, 2, 8, 3, 6, 5, 7};
  Values next = base;
  for (std::size_t i = 0; i < next.size(); ++i) next[i] *= 1.1 + 0.001 * static_cast<double>(i * 3 % 8);
  EXPECT_EQ(of_ipis(base, next, "<= +5%").ruling, Ruling::unsure);
  EXPECT_EQ(of_ipis(base, next, "<= +5%", paired).ruling, Ruling::fail);
  EXPECT_EQ(of_ipis(base, next, "<= +20%", paired).ruling, Ruling::pass);
  const RuleResult few = of_ipis({1, 2, 3, 4, 5, 6}, {2, 4, 6, 8, 10, 12}, "<= +5%", paired);
  EXPECT_THAT(few.why, HasSubstr("6 pairs of runs, could never fail this gate; 7 could"));
}

TEST_F(GateTest, ValueIsJudgedByTheMedianWithoutABase) {
  const MadeRun run = test::run_of("fault_latency_p99", "ns", {19000, 18000, 90000});
  const RuleResult kept = alone(run, "fault_latency_p99 <= 20us");
  EXPECT_EQ(kept.ruling, Ruling::pass);
  EXPECT_EQ(kept.why, "the median of 3 trials is 19000 ns");
  EXPECT_EQ(alone(run, "fault_latency_p99 <= 18us").ruling, Ruling::fail);
  EXPECT_EQ(complaint([&] { alone(run, "fault_latency_p99 <= +5%"); }),
            "--rule fault_latency_p99 <= +5%: is a change, and there is no base\nname the base first");
}

TEST_F(GateTest, MetricThatNobodyHasIsRefusedWithTheNearest) {
  EXPECT_EQ(complaint([&] { judged(run_of_ipis({1}), run_of_ipis({1}), {"ipi_per_page <= +5%"}); }),
            "--rule ipi_per_page <= +5%: the runs have no metric ipi_per_page\ndid you mean ipis_per_page?");
  EXPECT_THAT(complaint([&] { judged(run_of_ipis({1}), run_of_ipis({1}), {"bandwidth <= +5%"}); }),
              HasSubstr("tlbstorm list metrics"));
}

TEST_F(GateTest, MetricThatOneSideLacksIsUnsure) {
  const MadeRun with = run_of_ipis(around(1)).with("tlb_ipis", "IPIs", around(1)),
                without = run_of_ipis(around(1));
  EXPECT_EQ(judged(without, with, {"tlb_ipis <= +5%"}).results.at(0).why,
            "the base did not measure it: tlbstorm report may say why");
  EXPECT_EQ(judged(with, without, {"tlb_ipis <= +5%"}).results.at(0).why,
            "the new runs did not measure it: tlbstorm report may say why");
}

TEST_F(GateTest, CounterThatABaselineDoesNotKeepIsUnsureForThatReason) {
  MadeRun sampled = run_of_ipis(around(1));
  sampled.manifest["columns"] = {{{"name", "vmstat.pgsteal"}, {"unit", "pages"}, {"kind", "counter"}}};
  const auto next = put("new", sampled);
  std::string samples = "trial,phase,round,seconds,vmstat.pgsteal\r\n";
  for (int trial = 1; trial <= 6; ++trial)
    samples += fmt::format("{0},measure,0,0,0\r\n{0},verify,0,1,10\r\n", trial);
  test::write(next / "samples.csv", samples);
  const Side before = read_side("base", {put("base", run_of_ipis(around(1)))}, true),
             after = read_side("new", {next}, true);
  const GatePair there{"", &before, &after}, back{"", &after, &before};
  const auto why = [&](const GatePair& pair, const std::string& rule) {
    return judge(std::span(&pair, 1), parsed({rule}), {}).results.at(0).why;
  };
  EXPECT_EQ(why(there, "vmstat.pgsteal <= +5%"),
            "no counters are kept of the base: a baseline has no samples.csv");
  EXPECT_EQ(why(back, "vmstat.pgsteal <= 5"),
            "no counters are kept of the new runs: a baseline has no samples.csv");
  EXPECT_EQ(why(there, "vmstat.pgsteal <= 10"), "the median of 6 trials is 10 pages/s");
}

/// Nothing random decides: not what was judged before, not what lies in memory that was given back.
TEST_F(GateTest, SameRunsAreJudgedTheSameEachTime) {
  const MadeRun base = run_of_ipis(around(1, 20, 0.2)).with("tlb_ipis", "IPIs", around(5, 20, 0.3)),
                next = run_of_ipis(around(1.05, 20, 0.2)).with("tlb_ipis", "IPIs", around(6, 20, 0.3));
  const auto told = [&] {
    std::string text;
    for (const RuleResult& one : judged(base, next, {"ipis_per_page <= +5%", "tlb_ipis <= +5%"}).results)
      text += fmt::format("{} {} {} {} {}\n", name(one.ruling), one.p, one.interval.low, one.interval.high,
                          one.why);
    return text;
  };
  const std::string first = told();
  for (int again = 0; again < 3; ++again) {
    of_ipis(around(1 + again, 7), around(2, 9), "<= +5%");
    EXPECT_EQ(told(), first);
  }
}

TEST_F(GateTest, GlobIsARuleForEachMetric) {
  const MadeRun run = run_of_ipis(around(1))
                          .with("ipis_per_operation", "IPIs/op", around(1))
                          .with("tlb_ipis", "IPIs", around(1));
  const Gate gate = judged(run, run, {"ipis_* <= +5%"});
  ASSERT_EQ(gate.results.size(), 2U);
  EXPECT_EQ(gate.results[0].metric.name, "ipis_per_page");
  EXPECT_EQ(gate.results[1].metric.name, "ipis_per_operation");
}

TEST_F(GateTest, WorstRulingIsTheGates) {
  const auto of = [](const std::vector<Ruling>& rulings) {
    Gate gate;
    for (const Ruling ruling : rulings) gate.results.emplace_back().ruling = ruling;
    return gate.ruling();
  };
  EXPECT_EQ(of({Ruling::pass, Ruling::pass}), Ruling::pass);
  EXPECT_EQ(of({Ruling::pass, Ruling::unsure}), Ruling::unsure);
  EXPECT_EQ(of({Ruling::unsure, Ruling::fail, Ruling::pass}), Ruling::fail);
}

TEST_F(GateTest, WhatIsWaivedIsToldAndDoesNotDecide) {
  Gate gate = judged(run_of_ipis(around(1)), run_of_ipis(around(1.2)), {"ipis_per_page <= +5%"});
  ASSERT_EQ(gate.ruling(), Ruling::fail);
  for (const char* const waiver :
       {"ipis_per_page=known since 6.18", "ipis_per_page <= +5%=known since 6.18"}) {
    Gate waived = gate;
    waive({waiver}, waived);
    EXPECT_EQ(waived.ruling(), Ruling::pass) << waiver;
    EXPECT_EQ(name(waived.results[0].ruling), "waived");
    EXPECT_THAT(waived.results[0].why,
                testing::StartsWith("waived, as known since 6.18; it is FAIL: changed by +20"));
    EXPECT_EQ(to_finding(waived.results[0]).grade, os::Grade::warning);
  }
  for (const char* const bad :
       {"ipis_per_page", "ipis_per_page=", "throughput=slow", "=why", "ipis_per_page <= +6%=x"})
    EXPECT_THAT(complaint([&] { waive({bad}, gate); }),
                HasSubstr("there is no such rule, or no reason is given"))
        << bad;
}

TEST_F(GateTest, MetricOfExplainingTrialsAsksForMoreOfThem) {
  MadeRun run;
  run.manifest["schema"] = 3;
  const auto folder = put("run", run);
  std::string lines, table = "trial,metric,unit,value\n7,flushes_per_page,flushes/page,1\n";
  for (int trial = 1; trial <= 7; ++trial) {
    lines += fmt::format(R"({{"trial":{},"outcome":"ok","valid":true,"kind":"{}"}})", trial,
                         trial < 7 ? "measuring" : "explaining") +
             "\n";
    if (trial < 7) table += fmt::format("{},ipis_per_page,IPIs/page,1\n", trial);
  }
  test::write(folder / "trials.jsonl", lines);
  test::write(folder / "trials.csv", table);
  const Side side = read_side("base", {folder});
  const GatePair pair{"", &side, &side};
  const Gate gate = judge(std::span(&pair, 1), parsed({"flushes_per_page <= +5%"}), {});
  ASSERT_EQ(gate.results.size(), 1u);
  EXPECT_EQ(gate.results[0].ruling, Ruling::unsure);
  EXPECT_THAT(gate.results[0].why, testing::EndsWith("measure with --explain all"));
}

}  // namespace
}  // namespace tlbstorm::compare
