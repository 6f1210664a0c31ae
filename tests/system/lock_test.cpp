// SPDX-License-Identifier: Apache-2.0
// One measuring run at a time on a machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

class Lock : public ::testing::Test {
 protected:
  /// A run that goes on until it is ended, and the lock with it.
  pid_t start_long_run() {
    const std::string folder = first_.new_folder();
    const pid_t tool =
        first_.start({"run", "mprotect-storm", "--duration", "1h", "--trials", "1", "--output", folder});
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(folder + "/run.json"); }));
    return tool;
  }
  void end(pid_t tool, int signal = SIGTERM) {
    ::kill(tool, signal);
    first_.finish(tool);
  }
  static Words short_run(const std::string& folder) {
    return {"run", "mprotect-storm", "--duration", "200ms",    "--warmup",
            "0",   "--trials",       "1",          "--output", folder};
  }
  Workplace first_, second_;
};

TEST_F(Lock, SecondRunIsToldWhoMeasuresAndTouchesNothing) {
  const pid_t tool = start_long_run();
  const std::string folder = second_.new_folder();
  for (const Words& words :
       {short_run(folder), Words{"suite", "quick", "--output", folder},
        Words{"ab", "mprotect-storm", "--new", "--workers 1", "--output", folder},
        Words{"calibrate", "mprotect-storm", "--output", folder}, Words{"doctor", "--fix"}}) {
    const Finished done = second_.run(words);
    EXPECT_EQ(done.code, 2) << words[0] << done.err;
    EXPECT_THAT(done.err, HasSubstr("this machine is being measured already: "));
    EXPECT_THAT(done.err, HasSubstr("mprotect-storm --duration 1h"));
    EXPECT_THAT(done.err, HasSubstr("(pid " + std::to_string(tool) + ")"));
    EXPECT_THAT(done.err, HasSubstr("hint: --wait waits for it"));
    EXPECT_FALSE(std::filesystem::exists(folder)) << words[0];
  }
  for (const Words& words : {Words{"list", "workloads"}, Words{"run", "pageout", "--dry-run"},
                             Words{"report", first_.path() / "run1"}})
    EXPECT_EQ(second_.run(words).code, 0) << words[0] << " takes no lock";
  end(tool);
}

TEST_F(Lock, BenchmarksKeepToItToo) {
  if (std::string_view(TLBSTORM_BENCH_BINARY).empty()) GTEST_SKIP() << "the benchmarks are not built";
  const pid_t tool = start_long_run();
  EXPECT_EQ(second_.run({"--benchmark_filter=^mprotect"}, Program::bench).code, 2);
  end(tool);
}

TEST_F(Lock, WaitsAndSaysForWhom) {
  const pid_t tool = start_long_run();
  const std::string folder = second_.new_folder();
  Words words = short_run(folder);
  words.emplace_back("--wait");
  const pid_t waiting = second_.start(words);
  EXPECT_TRUE(
      eventually([&] { return text_of(second_.path() / "err").find("waiting for ") != std::string::npos; }));
  EXPECT_FALSE(std::filesystem::exists(folder));
  end(tool);
  const Finished done = second_.finish(waiting);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(manifest(folder)["lock"], is_root() ? "machine" : manifest(folder)["lock"]);
}

TEST_F(Lock, WaitsNoLongerThanItIsTold) {
  const pid_t tool = start_long_run();
  Words words = short_run(second_.new_folder());
  words.emplace_back("--wait=300ms");
  EXPECT_EQ(second_.run(words).code, 2);
  end(tool);
}

TEST_F(Lock, HolderThatWasKilledKeepsNobodyOut) {
  for (int i = 0; i < 3; ++i) {
    const pid_t tool = start_long_run();
    ::kill(tool, SIGKILL);  // and not reaped before
    const Finished done = second_.run(short_run(second_.new_folder()));
    EXPECT_EQ(done.code, 0) << done.err;
    first_.finish(tool);
    const Finished restored = first_.run({"restore"});
    EXPECT_EQ(restored.code, 0) << restored.err;
  }
}

TEST_F(Lock, VerdictOnARunBesideAnotherIsUnsure) {
  const pid_t tool = start_long_run();
  const std::string folder = second_.new_folder();
  Words words = short_run(folder);
  words.emplace_back("--ignore-lock");
  EXPECT_EQ(second_.run(words).code, 0);
  end(tool);
  EXPECT_EQ(manifest(folder)["lock"], "ignored");
  call_all_valid(folder);
  const Finished gate = second_.run({"gate", folder, "--rule", "throughput >= 0"});
  EXPECT_EQ(gate.code, 3) << gate.out;
  EXPECT_THAT(gate.out, HasSubstr("--ignore-lock"));
}

}  // namespace
}  // namespace tlbstorm::test
