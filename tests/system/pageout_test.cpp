// SPDX-License-Identifier: Apache-2.0
// The physics of pageout on the real kernel.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

using Words = std::vector<std::string>;

class Pageout : public PhysicsTest {
 protected:
  void SetUp() override {
    if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  }
  std::string valid_pageout(Words options) {
    options.insert(options.begin(), {"pageout", "--workers", "2"});
    return PhysicsTest::valid_run(options);
  }
};

TEST_F(Pageout, CleanFilePagesShareFlushes) {
  const std::string folder = valid_pageout({"--pages", "clean-file"});
  if (folder.empty()) return;
  for (const double ipis : figures(folder, "ipis_per_page")) {
    EXPECT_GT(ipis, 0);
    EXPECT_LT(ipis, 0.05);
  }
}

TEST_F(Pageout, DirtyAnonymousPagesCostOneIpiEach) {
  if (const std::string why = why_no_swap(); !why.empty()) GTEST_SKIP() << why;
  if (!std::filesystem::exists("/sys/class/zram-control/hot_add")) GTEST_SKIP() << "the kernel has no zram";
  const std::string folder = valid_pageout({"--pages", "dirty-anon", "--swap", "zram:256M"});
  if (folder.empty()) return;
  for (const double ipis : figures(folder, "ipis_per_page")) {
    EXPECT_GT(ipis, 0.9);
    EXPECT_LT(ipis, 1.1);
  }
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Pageout, AgreesWithAnIndependentCountAroundTheProcess) {
  if (const std::string why = why_no_swap(); !why.empty()) GTEST_SKIP() << why;
  if (!std::filesystem::exists("/sys/class/zram-control/hot_add")) GTEST_SKIP() << "the kernel has no zram";
  const std::string folder = valid_pageout({"--pages", "dirty-anon", "--swap", "zram:256M", "--warmup", "0"});
  if (folder.empty()) return;
  double measured = 0;
  for (const double ipis : figures(folder, "tlb_ipis")) measured += ipis;
  EXPECT_GT(measured, 10000);
  EXPECT_NEAR(measured / whole_, 1.0, 0.05) << "measured " << measured << ", around the process " << whole_;
}

TEST_F(Pageout, ProcessesThatShareNothingGetNoIpis) {
  const std::string shared = valid_pageout({"--pages", "clean-file"});
  const std::string apart = valid_pageout({"--pages", "clean-file", "--mode", "processes"});
  if (shared.empty() || apart.empty()) return;
  EXPECT_GE(figures(shared, "tlb_ipis").at(0), 10 * figures(apart, "tlb_ipis").at(0));
}

TEST_F(Pageout, SwapFileKeepsCopiesSoThatCleanAnonymousPagesAreNotWrittenAgain) {
  if (const std::string why = why_no_swap(); !why.empty()) GTEST_SKIP() << why;
  const std::string folder =
      valid_pageout({"--pages", "clean-anon", "--region", "8M", "--swap", "file:256M"});
  if (folder.empty()) return;
  for (const double ipis : figures(folder, "ipis_per_page")) EXPECT_LT(ipis, 0.1);
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Pageout, CleanAnonymousPagesOnZramAreCalledInvalid) {
  if (const std::string why = why_no_swap(); !why.empty()) GTEST_SKIP() << why;
  if (!std::filesystem::exists("/sys/class/zram-control/hot_add")) GTEST_SKIP() << "the kernel has no zram";
  const std::string folder = place_.new_folder();
  const Finished done = place_.run({"run", "pageout", "--pages", "clean-anon", "--swap", "zram:256M",
                                    "--trials", "1", "--output", folder});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_FALSE(done.evidence) << "figures that are no evidence are no success";
  EXPECT_NE(why_invalid(folder).find("written to swap again"), std::string::npos) << why_invalid(folder);
}

TEST_F(Pageout, LeavesNoDataBehind) {
  ASSERT_EQ(
      place_.run({"run", "pageout", "--rounds", "1", "--trials", "1", "--output", place_.new_folder()}).code,
      0);
  EXPECT_FALSE(std::filesystem::exists(place_.path() / "data"));
  EXPECT_FALSE(std::filesystem::exists(place_.path() / "state"));
}

TEST_F(Pageout, EveryRoundIsRecorded) {
  const std::string folder = place_.new_folder();
  const Finished done = place_.run(
      {"run", "pageout", "--explain", "none", "--rounds", "3", "--trials", "2", "--output", folder});
  ASSERT_EQ(done.code, 0) << done.err;
  std::ifstream rounds(folder + "/rounds.csv");
  std::string line;
  int figures_of_ipis = 0;
  while (std::getline(rounds, line)) figures_of_ipis += line.find(",ipis_per_page,") != std::string::npos;
  EXPECT_EQ(figures_of_ipis, 6);
  EXPECT_NE(done.out.find("trial round"), std::string::npos);
}

}  // namespace
}  // namespace tlbstorm::test
