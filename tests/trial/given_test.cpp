// SPDX-License-Identifier: Apache-2.0
// Options in layers, and files of them.
#include "harness/trial/given.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "harness/os/error.hpp"
#include "harness/trial/config_file.hpp"
#include "harness/trial/options.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::trial {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Layers = std::vector<Words>;

const Definition& pageout() { return find_workload("pageout"); }

Given read(const Layers& layers) { return read_words(pageout(), layers, command_itself()); }

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

TEST(GivenWords, LaterLayersCount) {
  const Given run = read(Layers{{"--trials", "3", "--region", "4M"}, {"--trials=5", "--quiet"}});
  EXPECT_EQ(run.options, (Options{{"region", "4M"}, {"trials", "5"}}));
  EXPECT_TRUE(run.is_on("quiet"));
}

TEST(GivenWords, OneLayerDoesNotContradictItself) {
  EXPECT_EQ(refusal([] {
              read(Layers{{"--memory=1G", "--memory", "2G"}});
            }),
            "--memory 1G: given again, as --memory 2G");
  EXPECT_EQ(refusal([] {
              read(Layers{{"--preset=a", "--preset=b"}});
            }),
            "--preset a: given again, as --preset b");
}

TEST(GivenWords, OfAFileAreWeakerThanThoseBesideIt) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "options";
  { std::ofstream(path) << "trials = 4\nregion = \"16M\"\n"; }
  const Given run = read(Layers{{"--trials=3"}, {"--config", path, "--region=8M"}});
  EXPECT_EQ(run.options, (Options{{"region", "8M"}, {"trials", "4"}}));
}

TEST(GivenWords, CommandMakesTheSameRun) {
  const Words command = command_of(pageout(), {{"label", "a"}, {"trials", "2"}});
  EXPECT_EQ(command, (Words{"tlbstorm", "run", "pageout", "--label=a", "--trials=2"}));
}

TEST(GivenWords, AreTakenInBothFormsAndTheSameAgainContradictsNothing) {
  const Given given = read({{"--trials", "3", "--region=4M", "--trials=3", "--dry-run", "--quiet=false"}});
  EXPECT_EQ(given.options, (Options{{"region", "4M"}, {"trials", "3"}}));
  EXPECT_TRUE(given.is_on("dry-run"));
  EXPECT_FALSE(given.is_on("quiet"));
}

TEST(GivenWords, WaitTakesAValueOnlyBehindItsEqualsSign) {
  EXPECT_EQ(read({{"--wait", "--trials=3"}}).text("wait"), kForever);
  EXPECT_EQ(read({{"--wait=10m"}}).text("wait"), "10m");
  EXPECT_EQ(refusal([] { read({{"--wait", "10m"}}); }), "run pageout 10m: not expected here");
}

TEST(GivenWords, RefusesAnOptionWithoutAValue) {
  for (const Words& words :
       {Words{"--trials"}, {"--trials="}, {"--trials=", "1"}, {"--trials", ""}, {"--trials", "--quiet"}})
    EXPECT_THAT(refusal([&] { read({words}); }),
                AllOf(HasSubstr("--trials"), HasSubstr(": a value is missing")));
}

TEST(GivenWords, RefusesASwitchThatIsNeitherOnNorOff) {
  for (const char* const value : {"maybe", "1", "99999999999999999999", "nan", "True"})
    EXPECT_EQ(refusal([&] { read({{std::string("--quiet=") + value}}); }),
              std::string("--quiet ") + value + ": not a switch");
  EXPECT_EQ(refusal([] {
              read({{"--quiet", "--quiet=false"}});
            }),
            "--quiet true: given again, as --quiet false");
}

TEST(GivenWords, RefusesWordsThatNobodyAskedFor) {
  EXPECT_EQ(refusal([] { read({{"--trails=2"}}); }), "run pageout --trails: no such option");
  EXPECT_EQ(refusal([] { read({{"-x"}}); }), "run pageout -x: no such option");
  EXPECT_EQ(refusal([] { read({{"word"}}); }), "run pageout word: not expected here");
  EXPECT_EQ(refusal([] { read({{"--"}}); }), "run pageout --: no such option");
}

TEST(GivenWords, RefusesWhatIsNotUtf8) {
  EXPECT_THAT(refusal([] { read({{"--label=\xff"}}); }),
              AllOf(HasSubstr("--label"), HasSubstr("not valid UTF-8")));
  EXPECT_THAT(refusal([] { read({{"--label", "a\xc3"}}); }), HasSubstr("--label"));
  EXPECT_EQ(refusal([] { read({{"--label=\xc3\xa9"}}); }), "accepted") << "the plan may not want it";
}

TEST(GivenWords, HelpIsToldAndNothingElseIsAskedFor) {
  EXPECT_TRUE(read({{"--help"}}).help);
  EXPECT_TRUE(read({{"--trials=3", "-h"}}).help);
}

TEST(GivenWords, CallersRefuseWhatTheyDoNotTake) {
  const Caller side{.takes = {"quiet"},
                    .problem = "not for one side",
                    .remedies = {{"sweep", "sweep twice"}, {"trials", "say --pairs"}}};
  const auto said = [&](const Words& words) {
    return refusal([&] { read_words(pageout(), {words}, side); });
  };
  EXPECT_EQ(said({"--quiet"}), "accepted");
  EXPECT_EQ(said({"--sweep=workers=1"}), "--sweep workers=1: not for one side");
  EXPECT_EQ(said({"--dry-run"}), "--dry-run true: not for one side") << "though nobody thought of it";
  EXPECT_EQ(said({"--trials=2"}), "--trials 2: not for one side");
}

TEST(GivenWords, EveryOptionAboutAllRunsIsTakenByTheCommandItself) {
  const Caller caller = command_itself();
  for (const Option& option : run_options())
    EXPECT_EQ(std::count(caller.takes.begin(), caller.takes.end(), option.name), option.of_command ? 1 : 0)
        << option.name;
}

TEST(ConfigFile, LinesAreOptions) {
  EXPECT_EQ(parse_config("# mine\n\n trials = 5 \nlabel='a'\nsparse\n; no\n", "f"),
            (Words{"--trials=5", "--label=a", "--sparse"}));
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
    return refusal([&] { read(Layers{{"--config", path}}); });
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

}  // namespace
}  // namespace tlbstorm::trial
