// SPDX-License-Identifier: Apache-2.0
// What undoes after a kill, and what ab and the benchmarks undo.
#include "tests/system/undo_fixture.hpp"

namespace tlbstorm::test {
namespace {

TEST_F(Undo, RestoreRightAfterAKillUndoesAll) {
  const std::string before = sysctl("swappiness");
  for (int i = 0; i < 5; ++i) {
    const pid_t tool = place_.start(
        short_run({"--swap", "zram:64M,file:.:16M", "--sysctl", "vm.swappiness=11", "--rounds", "1000000"}));
    ASSERT_TRUE(eventually([&] { return place_.leftovers().find("cgroup") != std::string::npos; }));
    ::kill(tool, SIGKILL);  // and not reaped before
    const pid_t restore = place_.start({"restore"});
    int status = 0;
    ::waitpid(restore, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0) << text_of(place_.path() / "out");
    EXPECT_EQ(place_.leftovers(), "") << text_of(place_.path() / "out");
    EXPECT_EQ(sysctl("swappiness"), before);
    ::waitpid(tool, &status, 0);
  }
}

/// The next pair of trials would be measured on what the last one left, and nobody would hear of it.
TEST_F(Undo, AbThatCouldNotUndoEndsWithOne) {
  const std::string before = sysctl("page-cluster"), others = before == "7" ? "6" : "7";
  const pid_t tool = place_.start({"ab", "pageout", "--region", "8M", "--rounds", "4", "--sysctl",
                                   "vm.page-cluster=5", "--new", "--mode processes", "--budget", "3s",
                                   "--quiet", "--output", place_.new_folder()});
  EXPECT_TRUE(eventually([&] { return sysctl("page-cluster") == "5"; }));
  std::ofstream("/proc/sys/vm/page-cluster") << others;
  const Finished done = place_.finish(tool);
  std::ofstream("/proc/sys/vm/page-cluster") << before;
  EXPECT_THAT(done.err, HasSubstr("someone has set it to " + others));
  EXPECT_EQ(done.code, 1);
  if (done.out.find("  runs: ") == std::string::npos) GTEST_SKIP() << "no pair was valid: " << done.err;
}

TEST_F(Undo, BenchmarksTellWhatTheyCouldNotUndo) {
  if (std::string(TLBSTORM_BENCH_BINARY).empty()) GTEST_SKIP() << "built without the microbenchmarks";
  const fs::path temporary = place_.path() / "tmp";
  fs::create_directory(temporary);
  // Another folder of that name is not the one that was made.
  const Finished done =
      place_.shell("export TMPDIR=" + temporary.native() +
                   "; $bench --benchmark_filter=harness/read_clock --benchmark_min_time=1 & sleep 0.7; "
                   "for made in tmp/tlbstorm-bench-*; do mv $made away && mkdir $made; done; wait $!");
  EXPECT_EQ(done.code, 1) << done.out;
  EXPECT_THAT(done.err, HasSubstr("could not be undone: folder "));
}

TEST_F(Undo, KilledBenchmarksLeaveNothing) {
  if (std::string_view(TLBSTORM_BENCH_BINARY).empty()) GTEST_SKIP() << "the benchmarks are not built";
  const auto folders = [] {
    int n = 0;
    for (const auto& entry : fs::directory_iterator("/tmp"))
      n += entry.path().filename().native().starts_with("tlbstorm-bench-");
    return n;
  };
  const int before = folders();
  const pid_t bench =
      place_.start({"--benchmark_filter=^fault/swap", "--benchmark_min_time=20"}, Program::bench);
  EXPECT_TRUE(eventually([&] { return place_.leftovers().find("swap") != std::string::npos; }));
  EXPECT_GT(folders(), before);
  ::kill(bench, SIGKILL);
  place_.finish(bench);
  EXPECT_EQ(place_.run({"restore"}).code, 0);
  EXPECT_EQ(folders(), before);
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Undo, CommandOfASideEndsWithTheTool) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t tool = place_.start({"ab", "mprotect-storm", "--base", "sh -c 'sleep 71.25 & sleep 71.25'",
                                     "--new", "--workers 1", "--output", place_.new_folder()});
    std::vector<pid_t> started;
    EXPECT_TRUE(eventually([&] {
      started = descendants(tool);
      return started.size() >= 3;
    }));
    ::kill(tool, signal);
    EXPECT_EQ(place_.finish(tool).code, 128 + signal);
    for (const pid_t one : started) EXPECT_TRUE(eventually([&] { return !is_alive(one); })) << one;
  }
}

}  // namespace
}  // namespace tlbstorm::test
