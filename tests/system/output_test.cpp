// SPDX-License-Identifier: Apache-2.0
// Where output goes may be closed, full or nobody's: a run goes on, and a result that is lost is no success.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

constexpr const char* kRun = "run mprotect-storm --trials 1 --warmup 1ms --duration 100ms --output run1";

class Output : public ::testing::Test {
 protected:
  /// A run folder to look at.
  void make_run() { ASSERT_EQ(place_.shell(std::string("$tlbstorm ") + kRun).code, 0); }
  void expect_finished() const {
    ASSERT_TRUE(std::filesystem::exists(place_.path() / "run1/run.json"));
    EXPECT_EQ(manifest(place_.path() / "run1")["state"], "finished");
  }

  Workplace place_;
};

TEST_F(Output, ResultThatCannotBeWrittenIsNoSuccess) {
  make_run();
  for (const char* const words :
       {"list metrics", "--help", "--version", "run --help", "run pageout --help", "suite --help",
        "run pageout --dry-run", "report run1", "compare run1 run1", "compare run1 run1 --format html",
        "baseline add run1", "baseline list", "model run1 run1 --help", "doctor --json", "restore", kRun}) {
    if (words == kRun) std::filesystem::remove_all(place_.path() / "run1");
    const Finished full = place_.shell(std::string("$tlbstorm ") + words + " >/dev/full");
    EXPECT_EQ(full.code, 1) << words;
    EXPECT_NE(full.err.find("could not write the result: No space left on device\n  hint: "),
              std::string::npos)
        << words << ": " << full.err;
  }
  expect_finished();
}

TEST_F(Output, ClosedStandardOutputIsNoSuccess) {
  const Finished done = place_.shell("$tlbstorm list metrics >&-");
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("could not write the result: Bad file descriptor"), std::string::npos) << done.err;
}

TEST_F(Output, ReaderThatHasGoneIsNotToldAboutIt) {
  const Finished done = place_.shell("(sleep 0.2; $tlbstorm list metrics; echo code $? >&2) | true");
  EXPECT_EQ(done.err, "code 1\n");
}

TEST_F(Output, CodeThatIsNoSuccessStaysWhatItIs) {
  make_run();
  call_all_valid(place_.path() / "run1");
  const Finished fail = place_.shell("$tlbstorm gate run1 --rule 'throughput <= 1' >/dev/full");
  EXPECT_EQ(fail.code, 1) << fail.err;
  const Finished none =
      place_.shell("$tlbstorm gate no-such --rule 'throughput <= 1' >/dev/full 2>/dev/full");
  EXPECT_EQ(none.code, 125);
  EXPECT_EQ(place_.shell("$tlbstorm list nothing >/dev/full 2>/dev/full").code, 2);
}

TEST_F(Output, BenchmarksThatCannotBeWrittenAreNoSuccess) {
  if (std::string(TLBSTORM_BENCH_BINARY).empty()) GTEST_SKIP() << "built without the microbenchmarks";
  const Finished full = place_.shell("$bench --benchmark_list_tests >/dev/full");
  EXPECT_EQ(full.code, 1);
  EXPECT_NE(full.err.find("could not write the result"), std::string::npos) << full.err;
}

TEST_F(Output, RunGoesOnWithoutStandardError) {
  for (const char* const lost : {"2>&-", "2>/dev/full", "2>&1 >/dev/null | true"}) {
    const Finished done = place_.shell("set -o pipefail; $tlbstorm " + std::string(kRun) + " " + lost);
    EXPECT_EQ(done.code, 0) << lost;
    expect_finished();
    std::filesystem::remove_all(place_.path() / "run1");
  }
}

TEST_F(Output, RunIsNotHeldUpByAPipeThatNobodyReads) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  while (::write(ends[1], "x", 1) == 1) {
  }
  ::fcntl(ends[1], F_SETFL, 0);
  const Finished done = place_.shell("$tlbstorm " + std::string(kRun) + " 2>&" + std::to_string(ends[1]));
  EXPECT_EQ(done.code, 0);
  expect_finished();
  ::close(ends[0]);
  ::close(ends[1]);
}

// What is said must not land in the first file that gets the number of a closed stream.
TEST_F(Output, FilesOfARunTakeTheNumberOfNoStandardStream) {
  const Finished done = place_.shell("$tlbstorm " + std::string(kRun) + " <&- >&- 2>&-");
  EXPECT_EQ(done.code, 1) << "the summary is lost";
  expect_finished();
  for (const auto& file : std::filesystem::directory_iterator(place_.path() / "run1"))
    EXPECT_EQ(text_of(file.path()).find("trial 1/1"), std::string::npos) << file.path();
}

}  // namespace
}  // namespace tlbstorm::test
