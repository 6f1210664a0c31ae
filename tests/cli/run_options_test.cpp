// SPDX-License-Identifier: Apache-2.0
// Options in layers, and files of them.
#include "harness/cli/run_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "harness/cli/batch.hpp"
#include "harness/cli/config_file.hpp"
#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::cli {
namespace {

using testing::HasSubstr;
using Layers = std::vector<Arguments>;

const trial::Definition& pageout() { return trial::find_workload("pageout"); }

template <typename Body>
std::string refusal(Body body) {
  try {
    body();
  } catch (const os::UsageError& error) {
    EXPECT_NE(error.hint(), "") << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(RunOptions, LaterLayersCount) {
  const RunOptions run =
      parse_run_options(pageout(), Layers{{"--trials", "3", "--region", "4M"}, {"--trials=5", "--quiet"}});
  EXPECT_EQ(run.options, (trial::Options{{"region", "4M"}, {"trials", "5"}}));
  EXPECT_TRUE(run.quiet);
}

TEST(RunOptions, OneLayerDoesNotContradictItself) {
  EXPECT_EQ(refusal([] {
              parse_run_options(pageout(), Layers{{"--memory=1G", "--memory", "2G"}});
            }),
            "--memory 1G: given again, as --memory 2G");
  EXPECT_EQ(refusal([] {
              parse_run_options(pageout(), Layers{{"--preset=a", "--preset=b"}});
            }),
            "--preset a: given again, as --preset b");
}

TEST(RunOptions, OfAFileAreWeakerThanThoseBesideIt) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "options";
  { std::ofstream(path) << "trials = 4\nregion = \"16M\"\n"; }
  const RunOptions run =
      parse_run_options(pageout(), Layers{{"--trials=3"}, {"--config", path, "--region=8M"}});
  EXPECT_EQ(run.options, (trial::Options{{"region", "8M"}, {"trials", "4"}}));
}

TEST(RunOptions, CommandMakesTheSameRun) {
  const Arguments command = command_of(pageout(), {{"label", "a"}, {"trials", "2"}});
  EXPECT_EQ(command, (Arguments{"tlbstorm", "run", "pageout", "--label=a", "--trials=2"}));
}

TEST(ConfigFile, LinesAreOptions) {
  EXPECT_EQ(parse_config("# mine\n\n trials = 5 \nlabel='a'\nsparse\n; no\n", "f"),
            (Arguments{"--trials=5", "--label=a", "--sparse"}));
}

TEST(ConfigFile, RefusesOtherLinesWithTheirNumber) {
  for (const char* const line : {"--trials = 5", "= 5", "[section]", "two words = 5", "config = g"})
    EXPECT_THAT(refusal([&] { parse_config(std::string("trials = 1\n") + line, "f"); }),
                HasSubstr("--config f:2: "));
}

TEST(ConfigFile, RefusesUnknownAndContradictoryOptions) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "options";
  const auto said = [&](const char* text) {
    { std::ofstream(path) << text; }
    return refusal([&] { parse_run_options(pageout(), Layers{{"--config", path}}); });
  };
  EXPECT_THAT(said("trails = 4\n"), HasSubstr("--trails: no such option"));
  EXPECT_EQ(said("trials = 4\ntrials = 5\n"), "--trials 4: given again, as --trials 5");
  EXPECT_THAT(said("trials =\n"), HasSubstr("--trials ''"));
}

TEST(ConfigFile, IsAFileAndNothingElse) {
  const test::TemporaryFolder folder;
  const std::string fifo = folder.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path :
       {fifo, folder.path().native(), std::string("/dev/zero"), std::string("/no/file")})
    EXPECT_THAT(refusal([&] { read_config(path); }), HasSubstr("--config " + path));
}

TEST(Sweep, ValuesAreRangesAndLists) {
  EXPECT_EQ(sweep_values("1..4", 8), (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(sweep_values("6..N", 8), (std::vector<std::string>{"6", "7", "8"}));
  EXPECT_EQ(sweep_values("1..64x4", 8), (std::vector<std::string>{"1", "4", "16", "64"}));
  EXPECT_EQ(sweep_values("a, b", 8), (std::vector<std::string>{"a", "b"}));
}

TEST(Sweep, RefusesEmptyEndlessAndRepeatedValues) {
  for (const char* const wrong :
       {"", ",", "1,,2", "1,", "1,1", "4..1", "1..", "..4", "1..x", "0..8x2", "1..8x1", "1..100001",
        "2..64x9223372036854775808", "1..100000", "-1..4", "1..4x"})
    EXPECT_NE(refusal([&] { sweep_values(wrong, 8); }), "accepted") << wrong;
}

}  // namespace
}  // namespace tlbstorm::cli
