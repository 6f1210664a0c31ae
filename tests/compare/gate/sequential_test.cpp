// SPDX-License-Identifier: Apache-2.0
// When interleaved trials may stop.
#include "harness/compare/gate/sequential.hpp"

#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using ::testing::ElementsAre;

class SequentialTest : public test::MadeRunsTest {
 protected:
  std::vector<MetricChange> at(const Look& look, const MadeRun& base, const MadeRun& next,
                               const std::vector<std::string>& metrics) const {
    return answers(read_side("base", {put("base", base)}), read_side("new", {put("new", next)}), metrics,
                   look, 0.02);
  }
};

TEST_F(SequentialTest, LevelsOfAllLooksAddUpToTheLevel) {
  double sum = 0;
  for (std::size_t k = 1; k <= 30; ++k) sum += look(k, 0.05).alpha;
  EXPECT_LE(sum, 0.05);
  EXPECT_GT(sum, 0.048);
}

TEST_F(SequentialTest, LooksGrowByHalf) {
  std::vector<std::size_t> pairs;
  for (std::size_t k = 1; k <= 5; ++k) pairs.push_back(look(k, 0.05).pairs);
  EXPECT_THAT(pairs, ElementsAre(8, 12, 18, 27, 40));
}

TEST_F(SequentialTest, EachLookCanFindAChange) {
  for (std::size_t k = 1; k <= 8; ++k)
    EXPECT_LE(stats::smallest_p_of_pairs(look(k, 0.05).pairs), look(k, 0.05).alpha / 3)
        << "of three metrics, look " << k;
}

TEST_F(SequentialTest, SettlesWhenEachMetricHasAnAnswer) {
  const auto clear =
      at(look(1, 0.05), run_of_ipis(around(1, 8)), run_of_ipis(around(1.3, 8)), {"ipis_per_page"});
  EXPECT_TRUE(settled(clear));
  EXPECT_EQ(clear.at(0).verdict, Verdict::worse);
  const auto same =
      at(look(1, 0.05), run_of_ipis(around(1, 8)), run_of_ipis(around(1, 8)), {"ipis_per_page"});
  EXPECT_TRUE(settled(same));
  const MadeRun mixed =
      run_of_ipis(around(1.3, 8)).with("throughput", "operations/s", {5, 1, 9, 3, 8, 2, 7, 4});
  EXPECT_FALSE(
      settled(at(look(1, 0.05), run_of_ipis(around(1, 8)).with("throughput", "operations/s", around(5, 8)),
                 mixed, {"ipis_per_page", "throughput"})));
  EXPECT_FALSE(settled({})) << "nothing is no answer";
}

TEST_F(SequentialTest, MetricsShareTheLevel) {
  // 8 pairs can show 2 / 256, which is below 0.05 / 2 / 3, but not below a fourth of it.
  MadeRun base, next;
  std::vector<std::string> names;
  for (const char* const name : {"a", "b", "c", "d"}) {
    base.with(name, "x", around(1, 8));
    next.with(name, "x", around(2, 8));
    names.emplace_back(name);
  }
  EXPECT_FALSE(settled(at(look(1, 0.05), base, next, names)));
  names.pop_back();
  EXPECT_TRUE(settled(at(look(1, 0.05), base, next, names)));
}

TEST_F(SequentialTest, AsksForTheWorkloadsFirstFigureAndWhatFlushesCost) {
  const MadeRun run = run_of_ipis({1}).with("storms", "x", {1}).own_figure("storms", "higher");
  EXPECT_THAT(questions_of(read_side("base", {put("run", run)})), ElementsAre("storms", "ipis_per_page"));
  EXPECT_THAT(questions_of(read_side("base", {put("bare", run_of_ipis({1}))})), ElementsAre("ipis_per_page"));
}

}  // namespace
}  // namespace tlbstorm::compare
