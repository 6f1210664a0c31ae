// SPDX-License-Identifier: Apache-2.0
// tlbstorm doctor on this machine: a table, JSON, and fixes that `restore` takes back.
#include <gtest/gtest.h>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

const std::string kCluster = "/proc/sys/vm/page-cluster";

TEST(DoctorCommand, SaysWhatItFoundAndWhatIsWanted) {
  const Workplace place;
  for (const char* const profile : {"reclaim", "swap-ssd", "ci"}) {
    const Finished done = place.run({"doctor", "--profile", profile});
    EXPECT_TRUE(done.code == 0 || done.code == 1) << done.err;
    EXPECT_NE(done.out.find("flush_path"), std::string::npos) << done.out;
    EXPECT_EQ(done.code == 1, done.out.find("\n  failed ") != std::string::npos) << done.out;
  }
  const Finished wrong = place.run({"doctor", "--profile", "laptop"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("give reclaim, swap-ssd or ci"), std::string::npos) << wrong.err;
}

TEST(DoctorCommand, EveryFormatHasEveryCheck) {
  const Workplace place;
  const std::string junit = place.path() / "doctor.xml", ktap = place.path() / "doctor.ktap";
  const Finished done =
      place.run({"doctor", "--json", "--report", "junit=" + junit, "--report=ktap=" + ktap});
  const nlohmann::json findings = nlohmann::json::parse(done.out)["findings"];
  EXPECT_GT(findings.size(), 15u);
  for (const auto& finding : findings) {
    for (const char* const key : {"id", "grade", "found", "wanted", "why", "source", "fix", "decides"})
      EXPECT_TRUE(finding.contains(key)) << finding << " has no " << key;
    const std::string id = finding["id"];
    EXPECT_NE(text_of(junit).find("name=\"" + id + "\""), std::string::npos) << id;
    EXPECT_NE(text_of(ktap).find(" " + id), std::string::npos) << id;
  }
  EXPECT_EQ(place.run({"doctor", "--report", "junit"}).code, 2);
  EXPECT_EQ(place.run({"doctor", "--format", "xml"}).code, 2);
}

TEST(DoctorCommand, FixIsKeptByRunsAndTakenBackByRestore) {
  if (!is_root()) GTEST_SKIP() << "kernel settings need root";
  const Workplace place;
  const std::string before = text_of(kCluster);
  if (before == "0\n") GTEST_SKIP() << kCluster << " is 0 already";
  const Finished fixed = place.run({"doctor", "--profile", "swap-ssd", "--fix"});
  EXPECT_NE(fixed.out.find("fixed: page_cluster: " + kCluster + " was "), std::string::npos) << fixed.out;
  EXPECT_EQ(text_of(kCluster), "0\n");
  EXPECT_EQ(place.run({"run", "usemem", "--size", "1M", "--chunks", "4", "--trials", "1"}).code, 0);
  EXPECT_EQ(text_of(kCluster), "0\n") << "a run takes back only what a killed run left";
  const Finished restored = place.run({"restore"});
  EXPECT_EQ(restored.code, 0) << restored.out << restored.err;
  EXPECT_EQ(text_of(kCluster), before);
  EXPECT_FALSE(std::filesystem::exists(place.path() / "state"));
}

}  // namespace
}  // namespace tlbstorm::test
