// SPDX-License-Identifier: Apache-2.0
// What is named on a command line, as sides: runs, sweeps, suites, the two sides of tlbstorm ab.
#include "harness/compare/batches.hpp"

#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

namespace fs = std::filesystem;
using test::around;
using test::MadeRun;
using test::run_of_ipis;
using test::Values;
using ::testing::Contains;
using ::testing::ElementsAre;

class BatchesTest : public test::MadeRunsTest {
 protected:
  static MadeRun with_workers(int workers, const Values& throughput) {
    MadeRun run = test::run_of("throughput", "operations/s", throughput);
    run.manifest["plan"]["workers"] = workers;
    return run;
  }
  static std::vector<Comparison> compared(const std::vector<fs::path>& folders,
                                          const std::vector<fs::path>& base = {}) {
    return compare_folders(folders, base, {}, false);
  }
  static const MetricChange& metric(const Comparison& part, const std::string& name) {
    for (const MetricChange& one : part.metrics)
      if (one.metric.name == name) return one;
    throw std::runtime_error("no metric " + name);
  }
};

TEST_F(BatchesTest, FirstFolderIsTheBaseAndTheRestAreNew) {
  const auto parts =
      compared({put("a", run_of_ipis({1, 2})), put("b", run_of_ipis({3})), put("c", run_of_ipis({4, 5}))},
               {put("d", run_of_ipis({6}))});
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(parts[0].metrics.at(0).base_values, ElementsAre(1, 2, 6));
  EXPECT_THAT(parts[0].metrics.at(0).next_values, ElementsAre(3, 4, 5));
}

TEST_F(BatchesTest, BaseNeedsSomethingToBeComparedWith) {
  const fs::path run = put("a", run_of_ipis({1}));
  EXPECT_EQ(complaint([&] { compared({run}); }),
            "a: there is nothing to compare it with\nname the base first, then what is new");
  EXPECT_EQ(complaint([&] { compared({run}, {run}); }),
            "there is no new run to compare with the base\nname the base first, then what is new");
  EXPECT_EQ(complaint([&] {
              compared({run, folder_.path() / "none"});
            }),
            "RUN none: No such file or directory\ngive the folder that `tlbstorm run` named at its end");
}

TEST_F(BatchesTest, UnlikeRunsAreRefusedUnlessForced) {
  const fs::path run = put("a", run_of_ipis(around(1))), other = put("b", [] {
                                                           MadeRun made = run_of_ipis(around(1));
                                                           made.manifest["plan"]["workers"] = 4;
                                                           return made;
                                                         }());
  EXPECT_EQ(complaint([&] {
              compared({run, other});
            }),
            "these runs are not of the same work on the same machine: workers (2 / 4)\n"
            "--force compares them all the same");
  EXPECT_EQ(compare_folders({run, other}, {}, {}, true).size(), 1U);
}

TEST_F(BatchesTest, SweepsAreComparedPointByPoint) {
  const auto sweep = [&](const std::string& name, double second) {
    return put_batch(name, "sweep", "region",
                     {{"4M", run_of_ipis(around(1))}, {"8M", run_of_ipis(around(second))}});
  };
  const auto parts = compared({sweep("a", 2), sweep("b", 3)});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].title, "region = 4M");
  EXPECT_EQ(parts[0].metrics.at(0).verdict, Verdict::same);
  EXPECT_EQ(parts[1].title, "region = 8M");
  EXPECT_EQ(parts[1].metrics.at(0).verdict, Verdict::worse);
}

TEST_F(BatchesTest, SuitesAreComparedByTheNamesOfTheirRuns) {
  const auto a =
      put_batch("a", "suite", "quick", {{"one", run_of_ipis(around(1))}, {"two", run_of_ipis(around(2))}});
  const auto b =
      put_batch("b", "suite", "quick", {{"two", run_of_ipis(around(2))}, {"one", run_of_ipis(around(1))}});
  const auto parts = compared({a, b});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].title, "one");
  EXPECT_EQ(parts[1].title, "two");
  for (const Comparison& part : parts) EXPECT_EQ(part.metrics.at(0).verdict, Verdict::same);
}

TEST_F(BatchesTest, SeveralSweepsOfASideArePooledAtEachPoint) {
  const auto sweep = [&](const std::string& name, const Values& values) {
    return put_batch(name, "sweep", "region", {{"4M", run_of_ipis(values)}});
  };
  const auto parts = compared({sweep("a", {1, 2}), sweep("b", {3}), sweep("c", {4})});
  EXPECT_THAT(parts.at(0).metrics.at(0).next_values, ElementsAre(3, 4));
}

TEST_F(BatchesTest, SweepOfWorkersHasItsEfficiency) {
  const auto sweep = [&](const std::string& name, double four) {
    return put_batch(name, "sweep", "workers",
                     {{"1", with_workers(1, around(100))}, {"4", with_workers(4, around(four))}});
  };
  const auto parts = compared({sweep("a", 400), sweep("b", 200)});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NEAR(metric(parts[0], "of_linear").base.median, 1, 0.01);
  EXPECT_NEAR(metric(parts[1], "of_linear").base.median, 1, 0.01);
  EXPECT_NEAR(metric(parts[1], "of_linear").next.median, 0.5, 0.01);
  EXPECT_EQ(metric(parts[1], "of_linear").verdict, Verdict::worse);
}

TEST_F(BatchesTest, EfficiencyIsAbsentWhereTheFirstPointHasNoValidTrial) {
  const auto sweep = [&](const std::string& name) {
    return put_batch(name, "sweep", "workers",
                     {{"1", with_workers(1, {100}).invalid(1)}, {"4", with_workers(4, around(400))}});
  };
  const auto parts = compared({sweep("a"), sweep("b")});
  ASSERT_EQ(parts.size(), 2U);
  for (const MetricChange& one : parts[1].metrics) EXPECT_NE(one.metric.name, "of_linear");
}

TEST_F(BatchesTest, SidesOfAbArePairsByTheirNumbers) {
  const auto folder = put_batch("ab", "ab", "pageout",
                                {{"base", run_of_ipis({1})},
                                 {"new", run_of_ipis({11})},
                                 {"base", run_of_ipis({2})},
                                 {"new", run_of_ipis({12})},
                                 {"base", run_of_ipis({3}).invalid(1)},
                                 {"new", run_of_ipis({13})},
                                 {"base", run_of_ipis({4})},
                                 {"new", run_of_ipis({14})}});
  const auto parts = compared({folder});
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_TRUE(parts[0].paired);
  EXPECT_THAT(parts[0].metrics.at(0).base_values, ElementsAre(1, 2, 4));
  EXPECT_THAT(parts[0].metrics.at(0).next_values, ElementsAre(11, 12, 14));
}

TEST_F(BatchesTest, PairOfAbIsLeftOutWhenOneOfItsRunsIsMissing) {
  const auto folder = put_batch("ab", "ab", "pageout",
                                {{"base", run_of_ipis({1})},
                                 {"new", MadeRun()},
                                 {"base", run_of_ipis({2})},
                                 {"new", run_of_ipis({12})},
                                 {"base", run_of_ipis({3})},
                                 {"new", run_of_ipis({13})}});
  const auto parts = compared({folder});
  EXPECT_THAT(parts.at(0).metrics.at(0).base_values, ElementsAre(2, 3));
  EXPECT_THAT(parts.at(0).metrics.at(0).next_values, ElementsAre(12, 13));
}

TEST_F(BatchesTest, AbMayDifferInWhatItCompares) {
  MadeRun other = run_of_ipis({1});
  other.manifest["plan"]["workers"] = 4;
  const auto folder = put_batch("ab", "ab", "pageout", {{"base", run_of_ipis({1})}, {"new", other}});
  const auto parts = compared({folder});
  EXPECT_EQ(parts.at(0).differences.at(0).what, "workers");
}

/// As the lab writes it: a folder for each boot.
TEST_F(BatchesTest, FolderOfBootsHoldsBothSidesAndThoseThatDied) {
  nlohmann::ordered_json batch{{"schema", 3}, {"kind", "sides"}, {"name", "lab ab"}, {"about", ""}};
  for (int boot = 1; boot <= 6; ++boot)
    for (const char* const side : {"base", "new"}) {
      const std::string name = fmt::format("{}-00{}/run", side, boot);
      const bool dies = std::string(side) == "new" && boot > 1;
      MadeRun run = run_of_ipis({1});
      run.manifest["writer"] = {{"boot_id", name}, {"pid", 1}, {"started", 1}};
      if (!dies || boot == 2) put("lab/" + name, run);  // one of them had come to its run
      batch["entries"].push_back(
          {{"name", name}, {"point", ""}, {"value", side}, {"state", dies ? "panic" : "finished"}});
    }
  test::write(folder_.path() / "lab" / "batch.json", batch.dump(1));
  const std::vector<Sides> sides = read_sides({folder_.path() / "lab"}, {}, false, false);
  ASSERT_EQ(sides.size(), 1u);
  EXPECT_FALSE(sides[0].paired);
  EXPECT_EQ(sides[0].base.front().valid_trials(), 6);
  EXPECT_EQ(sides[0].next.valid_trials(), 1) << "what a boot measured that died is no evidence";
  const Ends ends = sides[0].next.ends();
  EXPECT_EQ(ends.ended, 6u);
  EXPECT_EQ(ends.unexpected, 5u);
  EXPECT_EQ(ends.how, "panic 5");
  EXPECT_EQ(ends.of, "runs");
}

TEST_F(BatchesTest, AbOfOneSideIsNoComparison) {
  const auto folder = put_batch("ab", "ab", "pageout", {{"base", run_of_ipis({1})}});
  EXPECT_EQ(complaint([&] { compared({folder}); }), "ab: there is no pair of runs in it\nmake them again");
}

TEST_F(BatchesTest, LikeIsComparedWithLike) {
  const auto sweep = put_batch("sweep", "sweep", "region", {{"4M", run_of_ipis({1})}});
  const auto other = put_batch("other", "sweep", "region", {{"8M", run_of_ipis({1})}});
  EXPECT_EQ(complaint([&] {
              compared({sweep, put("run", run_of_ipis({1}))});
            }),
            "sweeps and suites can't be compared with single runs\ncompare like with like");
  EXPECT_EQ(complaint([&] {
              compared({sweep, other});
            }),
            "sweep and other have no run in common\ncompare a sweep or suite with one of the same name");
}

TEST_F(BatchesTest, PointThatOneSideLacksIsNamed) {
  const auto a =
      put_batch("a", "suite", "quick", {{"one", run_of_ipis(around(1))}, {"two", run_of_ipis(around(2))}});
  const auto b =
      put_batch("b", "suite", "quick", {{"one", run_of_ipis(around(1))}, {"three", run_of_ipis(around(2))}});
  const auto parts = compared({a, b});
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(parts[0].notes, Contains("only the base has the run two"));
  EXPECT_THAT(parts[0].notes, Contains("only the new side has the run three"));
}

}  // namespace
}  // namespace tlbstorm::compare
