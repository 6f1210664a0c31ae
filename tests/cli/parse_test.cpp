// SPDX-License-Identifier: Apache-2.0
// What no command line may have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "harness/cli/command.hpp"
#include "harness/os/error.hpp"

namespace tlbstorm::cli {
namespace {

using testing::HasSubstr;

/// An application with an option of each kind.
struct Words {
  Words() {
    app.add_option("--one", one);
    app.add_option("--many", many);
    app.add_flag("--switch", is_on);
  }
  CLI::App app{"", "tlbstorm fake"};
  std::string one;
  std::vector<std::string> many;
  bool is_on = false;
};

std::string refusal(const Arguments& given) {
  Words words;
  try {
    parse(words.app, given);
  } catch (const os::UsageError& error) {
    EXPECT_NE(error.hint(), "") << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(Parse, TakesOptionsInBothForms) {
  Words words;
  parse(words.app, {"--one", "1", "--many=2", "--many", "3", "--switch", "--one=1"});
  EXPECT_EQ(words.one, "1") << "the same again contradicts nothing";
  EXPECT_EQ(words.many, (std::vector<std::string>{"2", "3"}));
  EXPECT_TRUE(words.is_on);
}

TEST(Parse, TakesNoWordForAList) {
  Words words;
  parse(words.app, {"--many=[a,b]", "--many", "{}", "--many=[]", "--one=[]"});
  EXPECT_EQ(words.many, (std::vector<std::string>{"[a,b]", "{}", "[]"}));
  EXPECT_EQ(words.one, "[]");
  EXPECT_EQ(refusal({"--many", "a", "b"}), "fake b: not expected here");
}

TEST(Parse, RefusesAnOptionWithoutAValue) {
  for (const Arguments& given : {Arguments{"--one"},
                                 {"--one="},
                                 {"--one=", "1"},
                                 {"--one", ""},
                                 {"--one", "--switch"},
                                 {"--many="},
                                 {"--switch="}})
    EXPECT_THAT(refusal(given), testing::AllOf(HasSubstr(given[0].substr(0, given[0].find('='))),
                                               HasSubstr("a value is missing")));
}

TEST(Parse, RefusesTwoValuesForOne) {
  EXPECT_EQ(refusal({"--one", "1", "--one=2"}), "--one 1: given again, as --one 2");
  EXPECT_EQ(refusal({"--switch", "--switch=false"}), "--switch true: given again, as --switch false");
}

TEST(Parse, RefusesASwitchThatIsNeitherOnNorOff) {
  for (const char* const value : {"maybe", "1", "-1", "99999999999999999999", "nan", "True"})
    EXPECT_EQ(refusal({std::string("--switch=") + value}),
              std::string("--switch ") + value + ": not a switch");
  EXPECT_EQ(refusal({"--switch=false"}), "accepted");
}

TEST(Parse, RefusesWordsThatNobodyAskedFor) {
  EXPECT_EQ(refusal({"--one", "1", "--onne=2"}), "fake --onne: no such option");
  EXPECT_EQ(refusal({"-x"}), "fake -x: no such option");
  EXPECT_EQ(refusal({"word"}), "fake word: not expected here");
}

TEST(Parse, RefusesWhatIsNotUtf8) {
  EXPECT_THAT(refusal({"--one=\xff"}), testing::AllOf(HasSubstr("--one"), HasSubstr("not valid UTF-8")));
  EXPECT_THAT(refusal({"--one", "a\xc3"}), HasSubstr("--one"));
  EXPECT_EQ(refusal({"--one=\xc3\xa9"}), "accepted");
}

}  // namespace
}  // namespace tlbstorm::cli
