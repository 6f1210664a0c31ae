// SPDX-License-Identifier: Apache-2.0
// file-cache on the real kernel: it must really reclaim, and say where its count of pages comes from.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using Words = std::vector<std::string>;

class FileCache : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "a memory cgroup needs root";
  }
  std::string run(Words options) {
    const std::string folder = place_.new_folder();
    Words words{"run",   "file-cache", "--trials", "1",        "--warmup",
                "200ms", "--duration", "800ms",    "--output", folder};
    words.insert(words.end(), options.begin(), options.end());
    const Finished done = place_.run(words);
    EXPECT_EQ(done.code, 0) << done.err << done.out;
    EXPECT_EQ(place_.leftovers(), "");
    return folder;
  }
  Workplace place_;
};

TEST_F(FileCache, ReclaimsMappedPagesOfARealFile) {
  const std::string folder = run({"--memory", "64M", "--size", "256M"});
  EXPECT_GT(figures(folder, "pages_reclaimed").at(0), 1000);
  EXPECT_GT(figures(folder, "throughput").at(0), 0);
  EXPECT_GT(figures(folder, "major_fault_rate").at(0), 0);
  EXPECT_GT(figures(folder, "longest_stall").at(0), 0);
  const double efficiency = figures(folder, "direct_efficiency").at(0);
  EXPECT_GT(efficiency, 0);
  EXPECT_LE(efficiency, 1);
  const std::string source = manifest(folder)["trials"][0]["reclaim_source"];
  EXPECT_NE(source.find("pgsteal"), std::string::npos) << source;
  EXPECT_TRUE(std::filesystem::exists(folder + "/latency.csv"));
}

TEST_F(FileCache, LoneWorkerReclaimsItsOwnPagesWithoutIpis) {
  if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  const auto ipis_per_page = [&](const char* workers) {
    return figures(run({"--memory", "64M", "--size", "256M", "--sparse", "--workers", workers}),
                   "ipis_per_page")
        .at(0);
  };
  EXPECT_GE(ipis_per_page("2"), 10 * ipis_per_page("1"));
}

TEST_F(FileCache, PresetIsTheCaseOf2015AndSaysSo) {
  const std::string folder = run({"--preset", "lru-file-mmap-read", "--memory", "32M"});
  const nlohmann::json plan = manifest(folder)["plan"];
  EXPECT_EQ(plan["mode"], "processes");
  EXPECT_EQ(plan["parameters"]["files"], "per-worker");
  EXPECT_EQ(plan["parameters"]["sparse"], "true");
  EXPECT_EQ(plan["parameters"]["size"], std::to_string(320 << 20));
  EXPECT_GT(figures(folder, "pages_reclaimed").at(0), 1000);
}

TEST_F(FileCache, EveryAccessPatternReclaims) {
  for (const char* const access : {"sequential", "random", "zipf:0.8"}) {
    const std::string folder = run({"--memory", "32M", "--size", "256M", "--sparse", "--access", access});
    EXPECT_GT(figures(folder, "pages_reclaimed").at(0), 100) << access;
  }
}

TEST_F(FileCache, WritesOnlyToAFileOfItsOwn) {
  const std::filesystem::path mine = place_.path() / "mine";
  { std::ofstream(mine) << std::string(64 << 20, 'x'); }
  const Finished refused =
      place_.run({"run", "file-cache", "--memory", "16M", "--file", mine, "--write-ratio", "0.5"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("--write-ratio 0.5"), std::string::npos) << refused.err;
  run({"--memory", "16M", "--file", mine});
  EXPECT_TRUE(text_of(mine) == std::string(64 << 20, 'x'));
}

TEST_F(FileCache, FileThatWasWrittenToIsStillOurs) {
  const auto inode = [&] {
    struct stat status {};
    EXPECT_EQ(::stat((place_.path() / "data/file-cache.data").c_str(), &status), 0);
    return status.st_ino;
  };
  run({"--memory", "16M", "--size", "64M", "--write-ratio", "1"});
  const auto first = inode();
  run({"--memory", "16M", "--size", "64M"});
  EXPECT_EQ(inode(), first) << "used again";
  run({"--memory", "16M", "--size", "96M"});
  EXPECT_NE(inode(), first) << "replaced by a larger one";
}

TEST_F(FileCache, AnothersFileInThePlaceOfOursIsRefused) {
  std::filesystem::create_directories(place_.path() / "data");
  { std::ofstream(place_.path() / "data/file-cache.data") << "mine"; }
  const Finished refused = place_.run({"run", "file-cache", "--memory", "16M", "--size", "64M"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("was not made by tlbstorm, or is damaged"), std::string::npos) << refused.err;
  EXPECT_EQ(text_of(place_.path() / "data/file-cache.data"), "mine");
}

TEST_F(FileCache, DataFileIsMadeOnceAndUsedAgain) {
  run({"--memory", "16M", "--size", "64M"});
  const auto made = std::filesystem::last_write_time(place_.path() / "data/file-cache.data");
  run({"--memory", "16M", "--size", "64M"});
  EXPECT_EQ(std::filesystem::last_write_time(place_.path() / "data/file-cache.data"), made);
  run({"--memory", "16M", "--size", "32M"});
  EXPECT_EQ(std::filesystem::file_size(place_.path() / "data/file-cache.data"), 32u << 20);
}

}  // namespace
}  // namespace tlbstorm::test
