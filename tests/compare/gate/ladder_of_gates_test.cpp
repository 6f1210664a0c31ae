// SPDX-License-Identifier: Apache-2.0
// What it takes for a gate to fail: runs of both sides in turn, enough of them, or a change that is gross.
#include "tests/compare/gate/gate_fixture.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using test::Values;
using ::testing::HasSubstr;

TEST_F(GateTest, TooFewRunsAreUnsureAndItIsSaidHowManyWouldDo) {
  const RuleResult few = of_ipis(around(1, 2), around(1.2, 2), "<= +5%");
  EXPECT_EQ(few.ruling, Ruling::unsure);
  EXPECT_THAT(few.why, HasSubstr("2 runs a side, in turn, could never fail this gate; 5 could"));
  EXPECT_EQ(of_ipis(around(1, 5), around(1.2, 5), "<= +5%").ruling, Ruling::fail);
}

TEST_F(GateTest, FourRunsFailOnlyFarApart) {
  const RuleResult far = of_ipis({1, 1.001, 0.999, 1}, {1.2, 1.201, 1.199, 1.2}, "<= +5%");
  EXPECT_EQ(far.ruling, Ruling::fail) << far.why;
  EXPECT_THAT(far.why, HasSubstr("; 4 runs a side, in turn, by Welch's t"));
  EXPECT_EQ(of_ipis({1, 1.02, 0.98, 1}, {1.2, 1.22, 1.18, 1.2}, "<= +5%").ruling, Ruling::unsure)
      << "the gap is less than five times the range";
  EXPECT_EQ(of_ipis({1, 1.001, 0.999}, {1.2, 1.201, 1.199}, "<= +5%").ruling, Ruling::unsure)
      << "three runs of two modes come apart like that once in 64 times";
  EXPECT_EQ(of_ipis({1, 1.001, 0.999}, {1.6, 1.601, 1.599}, "<= +5%").ruling, Ruling::fail) << "gross";
}

TEST_F(GateTest, ManyRulesNeedMoreRunsOrTheyMustLieFarApart) {
  const MadeRun base = run_of_ipis(around(1, 5, 0.05)).with("tlb_ipis", "IPIs", around(1, 5));
  const auto of = [&](double times) {
    const MadeRun next = run_of_ipis(around(times, 5, 0.05)).with("tlb_ipis", "IPIs", around(1, 5));
    return judged(base, next, {"ipis_per_page <= +5%", "tlb_ipis <= +5%", "tlb_ipis >= -5%"}).results.at(0);
  };
  EXPECT_EQ(of(1.2).ruling, Ruling::unsure) << "ranks can't tell";
  EXPECT_EQ(of(1.45).ruling, Ruling::fail);
}

TEST_F(GateTest, OneRunASideFailsOnlyForWhatIsGross) {
  const auto ruling = [&](double times) {
    const Side before = read_side("base", {put("base", run_of_ipis(around(1, 10)))}),
               after = read_side("new", {put("new", run_of_ipis(around(times, 10)))});
    const GatePair pair{"", &before, &after};
    return judge(std::span(&pair, 1), parsed({"ipis_per_page <= +2%"}), {}).results.at(0);
  };
  EXPECT_EQ(ruling(1).ruling, Ruling::pass);
  EXPECT_EQ(ruling(1.2).ruling, Ruling::unsure);
  EXPECT_THAT(ruling(1.2).why,
              HasSubstr("beyond +2.0%, but a run has luck of its own, and there is one a side"));
  EXPECT_EQ(ruling(1.6).ruling, Ruling::fail);
}

/// A drift of half a percent a run, in the worst of orders.
TEST_F(GateTest, OneSideAfterTheOtherNeverFails) {
  Values base, next;
  for (int i = 0; i < 8; ++i) {
    base.push_back(1 + 0.005 * i);
    next.push_back(1 + 0.005 * (i + 8));
  }
  const auto judged_from = [&](std::size_t start_of_next) {
    const Side before = test::trials_as_runs(read_side("base", {put("base", run_of_ipis(base))}), 0, 2),
               after =
                   test::trials_as_runs(read_side("new", {put("new", run_of_ipis(next))}), start_of_next, 2);
    const GatePair pair{"", &before, &after};
    return judge(std::span(&pair, 1), parsed({"ipis_per_page <= +1%"}), {}).results.at(0);
  };
  const RuleResult after = judged_from(16);
  EXPECT_EQ(after.ruling, Ruling::unsure);
  EXPECT_THAT(after.why, HasSubstr("the sides were not measured in turn"));
  EXPECT_EQ(judged_from(1).ruling, Ruling::fail) << "the same values in turn are a change";
}

}  // namespace
}  // namespace tlbstorm::compare
