// SPDX-License-Identifier: Apache-2.0
// What DAMON reclaimed, from files as Documentation/admin-guide/mm/damon/ describes them.
#include "tests/probe/swap_probes_fixture.hpp"

namespace tlbstorm::probe {
namespace {

class DamonProbe : public SwapProbes {
 protected:
  void put_scheme(const std::string& kdamond, const std::string& action, const std::string& bytes) const {
    const std::string folder = "sys/kernel/mm/damon/admin/kdamonds/" + kdamond;
    put(folder + "/state", "on\n");
    put(folder + "/contexts/0/schemes/0/action", action + "\n");
    put(folder + "/contexts/0/schemes/0/stats/sz_applied", bytes + "\n");
  }
  void renew(const std::string& kdamond) const {
    put("sys/kernel/mm/damon/admin/kdamonds/" + kdamond + "/refresh_ms", "100\n");
  }
};

TEST_F(DamonProbe, SchemesThatPageOutAndTheModuleAreAddedUp) {
  put_scheme("0", "pageout", "40960");
  renew("0");
  put_scheme("1", "stat", "999999");
  put("sys/module/damon_reclaim/parameters/enabled", "Y\n");
  put("sys/module/damon_reclaim/parameters/bytes_reclaimed_regions", "8192\n");
  EXPECT_EQ(values("damon"), (Values{{"damon.reclaimed", 49152}}));
}

TEST_F(DamonProbe, StatisticsThatStandStillAreNone) {
  put_scheme("0", "pageout", "40960");
  EXPECT_EQ(reason("damon").reason, "a DAMON scheme pages out, and its statistics are not renewed");
  EXPECT_FALSE(reason("damon").idle);
}

TEST_F(DamonProbe, WithoutASchemeThereIsNothingToCount) {
  EXPECT_TRUE(reason("damon").idle);
  put("sys/module/damon_reclaim/parameters/enabled", "N\n");
  EXPECT_TRUE(reason("damon").idle);
}

TEST_F(DamonProbe, SchemeThatGoesLeavesNoFigure) {
  put("sys/module/damon_reclaim/parameters/enabled", "Y\n");
  put("sys/module/damon_reclaim/parameters/bytes_reclaimed_regions", "8192\n");
  Opened opened = open("damon");
  put("sys/module/damon_reclaim/parameters/bytes_reclaimed_regions", "");
  EXPECT_TRUE(std::isnan(read(opened).at("damon.reclaimed")));
}

}  // namespace
}  // namespace tlbstorm::probe
