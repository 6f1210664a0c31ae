// SPDX-License-Identifier: Apache-2.0
#include "harness/os/text.hpp"

#include <gtest/gtest.h>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"

namespace tlbstorm::os {
namespace {

TEST(Text, LinesEndWithOrWithoutANewline) {
  std::string_view text = "one\n\ntwo";
  EXPECT_EQ(take_line(text), "one");
  EXPECT_EQ(take_line(text), "");
  EXPECT_EQ(take_line(text), "two");
  EXPECT_TRUE(text.empty());
}

TEST(Text, FieldsAreSeparatedByBlanksAndTabs) {
  std::string_view line = "  a \t bc  ";
  EXPECT_EQ(take_field(line), "a");
  EXPECT_EQ(take_field(line), "bc");
  EXPECT_EQ(take_field(line), "");
}

TEST(Text, NumbersFillTheirField) {
  EXPECT_EQ(to_number("42"), 42u);
  for (const char* const text : {"", "42x", "-1", "4 2", "99999999999999999999"})
    EXPECT_FALSE(to_number(text)) << text;
}

TEST(Text, ValuesAreFoundByTheirWholeKey) {
  EXPECT_EQ(find_value("pgsteal_direct 7\npgsteal 5\n", "pgsteal"), "5");
  EXPECT_EQ(find_value("model name\t: AMD EPYC\n", "model name", ':'), "AMD EPYC");
  EXPECT_FALSE(find_value("a 1\n", "b"));
}

TEST(Fd, ErrorsNameOperationPathAndReason) {
  try {
    Fd::open("/no/such/file", O_RDONLY);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_STREQ(error.what(), "open /no/such/file: No such file or directory");
    EXPECT_EQ(error.code(), ENOENT);
  }
}

}  // namespace
}  // namespace tlbstorm::os
