// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/model/term.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tlbstorm::compare {
namespace {

std::optional<Term> term(const std::vector<std::string>& values) { return make_term("x", values); }

TEST(Term, NumbersAreAsTheyAre) {
  const auto found = term({"1", "2.5", "-3"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->unit_name, "");
  EXPECT_EQ(found->value("2.5"), 2.5);
  EXPECT_EQ(found->value("64M"), std::nullopt);
  EXPECT_EQ(found->place(256), "x=256");
  EXPECT_EQ(found->one_more(), "one more of x");
}

TEST(Term, SizesAreInTheUnitOfTheLargest) {
  const auto found = term({"512K", "1048576B", "64M"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->unit_name, "MiB");
  EXPECT_EQ(found->value("512K"), 0.5);
  EXPECT_EQ(found->value("2G"), 2048);
  EXPECT_EQ(found->place(64), "x=64 MiB");
  EXPECT_EQ(found->one_more(), "one more MiB of x");
}

TEST(Term, TimesAreInTheUnitOfTheLongest) {
  const auto found = term({"0", "100us", "20ms"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->unit_name, "ms");
  EXPECT_DOUBLE_EQ(found->value("100us").value(), 0.1);
  EXPECT_EQ(found->value("3"), std::nullopt) << "a time has a unit";
}

TEST(Term, WordsSharesOfMemoryAndMixturesAreNone) {
  EXPECT_FALSE(term({"dirty-anon", "clean-file"}));
  EXPECT_FALSE(term({"25%", "50%"}));
  EXPECT_FALSE(term({"1", "many"}));
  EXPECT_FALSE(term({"64M", "1s"}));
  EXPECT_FALSE(term({""}));
}

TEST(Term, PricesAreSaidInTheWordsOfKnownParameters) {
  EXPECT_EQ(make_term("pages", std::vector<std::string>{"1", "2"})->one_more(), "one more page");
}

}  // namespace
}  // namespace tlbstorm::compare
