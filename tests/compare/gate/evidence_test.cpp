// SPDX-License-Identifier: Apache-2.0
// What a gate makes of trials that ended badly, or of which a check could not be made.
#include "harness/compare/batches.hpp"
#include "harness/compare/gate/gate.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class EvidenceTest : public test::MadeRunsTest {
 protected:
  Gate judged(const MadeRun& base, const MadeRun& next) const {
    const Side before = read_side("base", {put("base", base)}), after = read_side("new", {put("new", next)});
    const GatePair pair{"", &before, &after};
    const std::vector<Rule> rules{parse_rule("ipis_per_page <= +5%")};
    return judge(std::span(&pair, 1), rules, {});
  }
  /// The first `killed` of ten trials end in an OOM kill.
  static MadeRun killed(std::size_t trials) {
    MadeRun run = run_of_ipis(around(1, 10));
    for (std::size_t trial = 1; trial <= trials; ++trial) {
      run.manifest["trials"][trial - 1]["outcome"] = "oom";
      run.invalid(trial);
    }
    return run;
  }
  /// A check of all trials.
  static MadeRun checked(const char* grade, bool decides) {
    MadeRun run = run_of_ipis(around(1, 10));
    run.manifest["schema"] = 3;
    for (auto& trial : run.manifest["trials"])
      trial["checks"] = {{{"id", "foreign_load"}, {"grade", grade}, {"found", ""}, {"decides", decides}}};
    return run;
  }
};

TEST_F(EvidenceTest, TrialsThatAllGotKilledFail) {
  const Gate gate = judged(killed(0), killed(10));
  EXPECT_EQ(gate.ruling(), Ruling::fail);
  EXPECT_THAT(gate.results.at(0).why,
              HasSubstr("10 of 10 new trials ended otherwise than expected (oom 10); of the base 0 of 10"));
  EXPECT_EQ(gate.results.at(1).ruling, Ruling::unsure) << "there is no figure left";
}

TEST_F(EvidenceTest, HalfOfThemFailThoughTheOthersAreGood) {
  const Gate gate = judged(killed(0), killed(5));
  EXPECT_EQ(gate.ruling(), Ruling::fail);
  EXPECT_NEAR(gate.results.at(0).p, 252.0 / 15504, 1e-9);
}

TEST_F(EvidenceTest, OneIsNoProofAndNoPass) {
  const Gate gate = judged(killed(0), killed(1));
  EXPECT_EQ(gate.results.at(1).ruling, Ruling::pass) << gate.results.at(1).why;
  EXPECT_EQ(gate.ruling(), Ruling::unsure);
}

TEST_F(EvidenceTest, WhatTheBaseDoesTooIsNoRegression) {
  const Gate gate = judged(killed(2), killed(1));
  EXPECT_EQ(gate.results.at(0).ruling, Ruling::pass);
  EXPECT_EQ(gate.ruling(), Ruling::pass);
}

TEST_F(EvidenceTest, NothingIsSaidOfOutcomesThatWereExpected) {
  EXPECT_EQ(judged(killed(1), killed(0)).results.size(), 1u);
}

TEST_F(EvidenceTest, CheckThatDecidesAndIsUnknownLeavesNoVerdict) {
  const Gate doubted = judged(checked("ok", true), checked("unknown", true));
  EXPECT_EQ(doubted.ruling(), Ruling::unsure);
  EXPECT_THAT(
      doubted.results.at(0).why,
      HasSubstr(", within +5.0%; 1 run a side; but new: of 10 valid trials nobody knows foreign_load"));
  EXPECT_EQ(judged(checked("unknown", true), checked("ok", true)).ruling(), Ruling::unsure);
  EXPECT_EQ(judged(checked("unknown", false), checked("unknown", false)).ruling(), Ruling::pass)
      << "it does not decide";
}

TEST_F(EvidenceTest, ComparisonOfDoubtedSidesSaysSo) {
  const Comparison comparison = compare(read_side("base", {put("base", checked("ok", true))}),
                                        read_side("new", {put("new", checked("unknown", true))}), {});
  ASSERT_EQ(comparison.metrics.size(), 1u);
  EXPECT_EQ(comparison.metrics[0].verdict, Verdict::unsure);
  EXPECT_THAT(comparison.notes, ::testing::Contains("new: of 10 valid trials nobody knows foreign_load: no "
                                                    "verdict on it is sure"));
}

TEST_F(EvidenceTest, RunThatIsNamedTwiceIsRefused) {
  const auto base = put("base", run_of_ipis(around(1))), next = put("new", run_of_ipis(around(1)));
  EXPECT_EQ(complaint([&] {
              read_sides({base, next, folder_.path() / "base/../new"}, {}, false, false);
            }),
            "base/../new is named twice on one side\nname each run once");
  EXPECT_EQ(complaint([&] {
              read_sides({base, next}, {base}, false, false);
            }),
            "base is named twice on one side\nname each run once");
  EXPECT_THAT(complaint([&] { read_sides({base, base}, {}, false, false); }), IsEmpty());
}

TEST_F(EvidenceTest, SidesInDifferentUnitsAreRefused) {
  const auto base = put("base", test::run_of("ns_per_page", "ns", around(400))),
             next = put("new", test::run_of("ns_per_page", "us", around(0.4)));
  EXPECT_EQ(complaint([&] {
              read_sides({base, next}, {}, false, false);
            }),
            "ns_per_page is in ns on one side and in us on the other\nmeasure both sides in one unit");
}

class GrossTest : public EvidenceTest {
 protected:
  /// Runs of one trial each, as of boots.
  Ruling of_boots(const std::vector<double>& base, const std::vector<double>& next, const char* rule) const {
    std::vector<std::filesystem::path> before, after;
    for (const double value : base)
      before.push_back(put(fmt::format("b{}", before.size()), run_of_ipis({value})));
    for (const double value : next)
      after.push_back(put(fmt::format("n{}", after.size()), run_of_ipis({value})));
    return judged(read_side("base", before), read_side("new", after), rule).ruling();
  }
  static Gate judged(const Side& base, const Side& next, const char* rule) {
    const GatePair pair{"", &base, &next};
    const std::vector<Rule> rules{parse_rule(rule)};
    return judge(std::span(&pair, 1), rules, {});
  }
  Gate of_runs(const MadeRun& base, const MadeRun& next, const char* rule) const {
    return judged(read_side("base", {put("base", base)}), read_side("new", {put("new", next)}), rule);
  }
};

TEST_F(GrossTest, FewBootsFailForWhatNoSpreadExplains) {
  EXPECT_EQ(of_boots({1, 1.01, 0.99, 1, 1}, {1.77, 1.79, 1.76, 1.78, 1.77}, "ipis_per_page <= +2%"),
            Ruling::fail);
  EXPECT_EQ(of_boots({0.34, 0.35, 0.33, 0.34}, {5.2, 5.3, 5.1, 5.2}, "ipis_per_page <= +2%"), Ruling::fail);
  EXPECT_EQ(of_boots({1, 1.01, 0.99}, {1.77, 1.79, 1.76}, "ipis_per_page <= +2%"), Ruling::fail);
}

TEST_F(GrossTest, LessIsAQuestionOfHowMany) {
  EXPECT_EQ(of_boots({1, 1.01}, {15, 15.1}, "ipis_per_page <= +2%"), Ruling::unsure) << "two boots a side";
  EXPECT_EQ(of_boots({1, 1.01, 0.99}, {1.4, 1.41, 1.42}, "ipis_per_page <= +2%"), Ruling::unsure)
      << "1.4 times";
  EXPECT_EQ(of_boots({1, 1.01, 0.99, 1.5}, {1.49, 1.79, 1.76, 1.9}, "ipis_per_page <= +2%"), Ruling::unsure)
      << "they overlap";
}

TEST_F(GrossTest, TimesMustBeThreeTimesAsFar) {
  const auto run = [](double of) { return test::run_of("ns_per_page", "ns/page", around(of, 5)); };
  const char* const rule = "ns_per_page <= +5%";
  EXPECT_THAT(of_runs(run(100), run(250), rule).results.at(0).why, Not(HasSubstr("gross")));
  const Gate gate = of_runs(run(100), run(400), rule);
  EXPECT_EQ(gate.ruling(), Ruling::fail);
  EXPECT_THAT(
      gate.results.at(0).why,
      HasSubstr("gross: each new value lies far from all of the base, and their middle 3.81 times as far"));
}

TEST_F(GrossTest, LossIsGrossToo) {
  const auto run = [](double of) { return test::run_of("throughput", "operations/s", around(of, 5)); };
  EXPECT_THAT(of_runs(run(100), run(30), "throughput >= -5%").results.at(0).why,
              HasSubstr("their middle 3.17 times as far as the bound"));
}

TEST_F(GrossTest, FromNoInterruptsToHundredsIsGross) {
  const auto run = [](double of) { return test::run_of("tlb_ipis", "IPIs", test::Values(5, of)); };
  EXPECT_EQ(of_runs(run(0), run(500), "tlb_ipis <= +50%").ruling(), Ruling::fail);
  EXPECT_EQ(of_runs(run(0), run(3), "tlb_ipis <= +50%").ruling(), Ruling::pass);
}

TEST_F(GrossTest, BaseOfZeroHasNoTimes) {
  EXPECT_EQ(of_boots({0, 0, 0, 0}, {5, 5, 5, 5}, "ipis_per_page <= +2%"), Ruling::unsure);
}

}  // namespace
}  // namespace tlbstorm::compare
