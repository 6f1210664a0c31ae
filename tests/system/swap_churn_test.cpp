// SPDX-License-Identifier: Apache-2.0
// swap-churn, dirty-reclaim and compressed-cache on the real kernel: what comes back is what went out, and
// the figures follow the size of the working set.
#include <fstream>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

class Swapping : public PhysicsTest {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_zram(); !why.empty()) GTEST_SKIP() << why;
  }
  std::string churn(Words words) {
    words.insert(words.begin(), {"swap-churn", "--swap", "zram:512M", "--trials", "1", "--warmup", "300ms",
                                 "--duration", "700ms", "--workers", "1"});
    return valid_run(words);
  }
};

TEST_F(Swapping, LargerWorkingSetSwapsInMore) {
  // Paced by the delay, and not by the faults themselves: without it a worker faults as fast as the kernel
  // can, whatever the share of its accesses that does.
  const std::string half = churn({"--memory", "64M", "--size", "96M", "--delay", "50us"});
  const std::string twice = churn({"--memory", "64M", "--size", "192M", "--delay", "50us"});
  if (half.empty() || twice.empty()) return;
  // Of uniform accesses about a third misses in the one, two thirds in the other.
  const auto share = [](const std::string& folder) {
    return figure(folder, "swap_in_rate") / figure(folder, "throughput");
  };
  EXPECT_GT(share(half), 0.1);
  EXPECT_GT(share(twice), 1.4 * share(half));
  EXPECT_GT(figure(twice, "pages_verified"), 0);
  EXPECT_EQ(figure(twice, "wrong_pages"), 0);
}

TEST_F(Swapping, HitsAndFaultsAreKeptApart) {
  const std::string folder = churn({"--memory", "64M", "--size", "96M"});
  if (folder.empty()) return;
  EXPECT_GT(figure(folder, "fault_latency_p50"), 3 * figure(folder, "hit_latency_p50"));
  EXPECT_GE(figure(folder, "fault_latency_p99_99"), figure(folder, "fault_latency_p50"));
  const std::string latencies = text_of(folder + "/latency.csv");
  for (const char* const kind : {",read,hit,", ",read,major,", ",write,hit,", ",write,major,"})
    EXPECT_NE(latencies.find(kind), std::string::npos) << kind;
  EXPECT_GT(manifest(folder)["trials"][0]["timing_overhead_ns"], 0);
}

TEST_F(Swapping, GoldClassFitsAndDoesNotSwap) {
  const std::string folder = churn({"--class", "gold", "--size", "64M"});
  if (folder.empty()) return;
  EXPECT_LT(figure(folder, "swap_in_rate"), 10);
}

TEST_F(Swapping, EveryAccessPatternIsVerified) {
  for (const char* const access : {"sequential", "zipf:0.99", "normal:0.2", "stride:17"}) {
    const std::string folder = run({"swap-churn", "--swap", "zram:256M", "--memory", "64M", "--size", "96M",
                                    "--access", access, "--compress-ratio", "3", "--trials", "1", "--warmup",
                                    "0", "--duration", "300ms", "--workers", "1"});
    if (folder.empty()) continue;
    EXPECT_GT(figure(folder, "throughput"), 0) << access;
  }
}

TEST_F(Swapping, CorruptedPageIsAFailedRunWithPlaceExpectedAndFound) {
  const std::string folder = place_.new_folder();
  const Finished done = place_.run(
      {"run",      "swap-churn", "--explain",  "none",           "--swap",   "zram:256M", "--memory",
       "64M",      "--size",     "96M",        "--corrupt-page", "777",      "--trials",  "1",
       "--warmup", "0",          "--duration", "300ms",          "--output", folder});
  EXPECT_EQ(done.code, 1) << done.out;
  const nlohmann::json trial = manifest(folder)["trials"][0];
  EXPECT_EQ(trial["outcome"], "corrupted");
  EXPECT_EQ(trial["reason"], "1 page came back wrong");
  ASSERT_EQ(trial["wrong_pages"]["first"].size(), 1u);
  const std::string found = trial["wrong_pages"]["first"][0];
  for (const char* const part :
       {"the working set at 0x309000: bits flipped: 1;", "1 of 4096 bytes differ; at byte 2144 0x",
        " expected, 0x", " found; worker "})
    EXPECT_NE(found.find(part), std::string::npos) << found;
  EXPECT_EQ(figures(folder, "wrong_pages"), std::vector<double>{1});
  const std::filesystem::path dump = folder + "/wrong-page-1-trial1.bin";
  ASSERT_TRUE(std::filesystem::exists(dump));
  EXPECT_EQ(std::filesystem::file_size(dump), 4096u);
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Swapping, ZeroPagesThatAreAskedForAccountForTheirFaults) {
  // They reach no device on kernels that only count them.
  const std::string folder = churn({"--memory", "64M", "--size", "96M", "--zero-pages", "0.5"});
  if (folder.empty()) return;
  const nlohmann::json check = check_of(manifest(folder)["trials"][0], "device_io");
  EXPECT_EQ(check["grade"], "ok");
  EXPECT_NE(check["found"].get<std::string>().find("zero pages included"), std::string::npos) << check;
}

TEST_F(Swapping, TooLittleSwapIsRefused) {
  // 96M of it may be in swap alone, and the 32M in memory in swap as well.
  for (const char* const workload : {"swap-churn", "dirty-reclaim"}) {
    const Finished refused =
        place_.run({"run", workload, "--memory", "32M", "--overcommit", "4", "--swap", "zram:112M"});
    EXPECT_EQ(refused.code, 2) << workload;
    EXPECT_NE(refused.err.find("only 112 MiB of swap are free where 128 MiB are needed"), std::string::npos)
        << refused.err;
  }
}

TEST_F(Swapping, DirtyPagesCostAnInterruptEachWhereTheMmIsShared) {
  if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  const auto dirty = [&](const char* workers) {
    return valid_run({"dirty-reclaim", "--swap", "zram:512M", "--memory", "64M", "--workers", workers,
                      "--trials", "1", "--warmup", "300ms", "--duration", "700ms"});
  };
  const std::string shared = dirty("2"), alone = dirty("1");
  if (shared.empty() || alone.empty()) return;
  EXPECT_GT(figure(shared, "ipis_per_page_written"), 0.7);
  EXPECT_GT(figure(shared, "writeback_rate"), 0);
  EXPECT_LT(figure(alone, "ipis_per_page_written"), figure(shared, "ipis_per_page_written"));
}

TEST_F(Swapping, DirtyFilePagesAreWrittenBackByOthers) {
  const std::string folder = run({"dirty-reclaim", "--pages", "file", "--memory", "48M", "--trials", "1",
                                  "--warmup", "300ms", "--duration", "700ms"});
  if (folder.empty()) return;
  EXPECT_GT(figure(folder, "writeback_rate"), 0);
  EXPECT_EQ(figure(folder, "vmscan_write_rate"), 0) << "reclaim does not write file pages";
}

TEST_F(Swapping, CompressedCacheGivesTheSameDataAndItsGain) {
  const std::string folder = run({"compressed-cache", "--memory", "32M", "--size", "64M", "--access",
                                  "random", "--compress-ratio", "4", "--rounds", "1", "--trials", "1"});
  if (folder.empty()) return;
  EXPECT_GT(figure(folder, "gain"), 0);
  EXPECT_GT(figure(folder, "compression"), 2);
  EXPECT_LT(figure(folder, "compression"), 5);
  EXPECT_EQ(figure(folder, "wrong_pages"), 0);
  EXPECT_NEAR(figure(folder, "gain"), figure(folder, "store_bandwidth") / figure(folder, "file_bandwidth"),
              1e-6);
}

TEST_F(Swapping, ZswapIsSwitchedOnForTheRunAndOffAgain) {
  const std::filesystem::path enabled = "/sys/module/zswap/parameters/enabled";
  if (!std::filesystem::exists(enabled)) GTEST_SKIP() << "the kernel has no zswap";
  const std::string before = text_of(enabled);
  const std::string folder = run({"compressed-cache", "--store", "zswap", "--memory", "64M", "--size", "128M",
                                  "--rounds", "1", "--trials", "1"});
  EXPECT_EQ(text_of(enabled), before);
  if (folder.empty()) return;
  EXPECT_GT(figure(folder, "gain"), 0);
  EXPECT_EQ(manifest(folder)["plan"]["settings"][enabled], "Y");
}

TEST_F(Swapping, SuiteOfTheUsersOwnRunsEachLineAndSaysWhatItCouldNot) {
  std::ofstream(place_.path() / "mine.suite")
      << "# two of mine\n"
         "clean   pageout --trials 1 --rounds 1\n"
         "nodes   unmap-churn --op dontneed --trials 1 --duration 100ms\n"
         "refused pageout --pages dirty-anon --swap zram:1000T\n";
  const std::string folder = place_.new_folder();
  const Finished done = place_.run({"suite", (place_.path() / "mine.suite").native(), "--output", folder});
  EXPECT_EQ(done.code, 0) << done.err << done.out;
  for (const char* const part : {"suite mine: two of mine", "clean", "nodes", "refused: refused: --swap"})
    EXPECT_NE(done.out.find(part), std::string::npos) << done.out;
  EXPECT_TRUE(std::filesystem::exists(folder + "/clean/run.json"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/refused/run.json"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/points.csv"));
}

}  // namespace
}  // namespace tlbstorm::test
