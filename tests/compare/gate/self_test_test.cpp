// SPDX-License-Identifier: Apache-2.0
// From which change on a rule fails on the data that there are.
#include "tests/compare/gate/gate_fixture.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using test::Values;

class SelfTest : public GateTest {
 protected:
  std::vector<Sensitivity> tested(const MadeRun& base, const MadeRun& next, const std::string& rule,
                                  const GateOptions& options = {}) const {
    const auto [before, after] =
        test::in_turn(read_side("base", {put("base", base)}), read_side("new", {put("new", next)}));
    const GatePair pair{"", &before, &after};
    return self_test(std::span(&pair, 1), parsed({rule}), options);
  }
};

TEST_F(SelfTest, FindsAChangeBeyondTheBound) {
  const auto quiet =
      tested(run_of_ipis(around(1, 8)), run_of_ipis(around(1, 8)), "ipis_per_page <= +5%").at(0);
  ASSERT_TRUE(quiet.caught_from.has_value());
  EXPECT_GT(*quiet.caught_from, 0.05);
  EXPECT_LT(*quiet.caught_from, 0.06);
  const auto noisy =
      tested(run_of_ipis(around(1, 8, 0.2)), run_of_ipis(around(1, 8, 0.2)), "ipis_per_page <= +5%").at(0);
  ASSERT_TRUE(noisy.caught_from.has_value());
  EXPECT_GT(*noisy.caught_from, 0.1) << "noise hides smaller ones";
}

TEST_F(SelfTest, FindsALossToo) {
  const auto found =
      tested(run_of_ipis(around(1, 8)), run_of_ipis(around(1.5, 8)), "ipis_per_page >= -5%").at(0);
  ASSERT_TRUE(found.caught_from.has_value());
  EXPECT_LT(*found.caught_from, -0.05);
  EXPECT_GT(*found.caught_from, -0.07) << "what the new runs really have is taken out before";
}

TEST_F(SelfTest, SaysWhenARuleCannotFail) {
  EXPECT_FALSE(
      tested(run_of_ipis(around(1, 2)), run_of_ipis(around(1, 2)), "ipis_per_page <= +5%")[0].caught_from);
  EXPECT_FALSE(
      tested(run_of_ipis(Values(8, 0)), run_of_ipis(Values(8, 0)), "ipis_per_page <= +5%")[0].caught_from);
  EXPECT_FALSE(
      tested(run_of_ipis(around(1, 8)), run_of_ipis(around(1, 8)), "ipis_per_page >= -100%")[0].caught_from);
}

TEST_F(SelfTest, FindsPairsChanges) {
  GateOptions paired;
  paired.paired = true;
  const Values noisy{1, 4, 2, 8, 3, 6, 5, 7};
  const auto found = tested(run_of_ipis(noisy), run_of_ipis(noisy), "ipis_per_page <= +5%", paired).at(0);
  ASSERT_TRUE(found.caught_from.has_value());
  EXPECT_LT(*found.caught_from, 0.06);
}

}  // namespace
}  // namespace tlbstorm::compare
