// SPDX-License-Identifier: Apache-2.0
#include "harness/os/printable.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

namespace tlbstorm::os {
namespace {

TEST(Printable, WhatATerminalWouldObeyIsWrittenOut) {
  EXPECT_EQ(printable("\x1b]0;title\x07"), R"(\x1b]0;title\x07)");
  EXPECT_EQ(printable("a\bb\vc\x7f"), R"(a\x08b\x0bc\x7f)");
  EXPECT_EQ(printable(std::string("\0[31m", 5)), R"(\x00[31m)");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m \xc2\x85"),
            R"(\xc2\x9b31m \xc2\x85)")
      << "C1, in UTF-8";
  EXPECT_EQ(printable("over\rwritten"), R"(over\x0dwritten)");
}

TEST(Printable, WordsOfAnyLanguageStayWhatTheyAre) {
  const std::string words = "naïve Größe µs, 日本語 ✓ 🦀\u00a0\U0010ffff";
  EXPECT_EQ(printable(words), words);
  EXPECT_EQ(printable_line(words), words);
}

TEST(Printable, LineEndsStayInTextsAndNotInLines) {
  EXPECT_EQ(printable("a\tb\nc\r\nd"), "a\tb\nc\r\nd");
  EXPECT_EQ(printable_line("a\tb\nc\r\nd"), R"(a	b\x0ac\x0d\x0ad)");
}

/// The Unicode Standard, table 3-7, at its edges.
TEST(Printable, WhatIsNoUtf8IsWrittenOut) {
  for (const char* const good : {"\x7e", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                 "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good));
    EXPECT_EQ(printable(good), good);
  }
  for (const char* const bad :
       {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80z",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
    EXPECT_EQ(printable(bad).substr(0, 2), "\\x");
    EXPECT_TRUE(is_utf8(printable(bad)));
  }
  EXPECT_EQ(printable("a\xff"
                      "b\xe2\x82"),
            R"(a\xffb\xe2\x82)");
}

TEST(Shown, OurColoursAreColoursAndThoseOfOthersAreText) {
  EXPECT_EQ(shown(ink("[31m") + "red" + ink("[0m")), "\x1b[31mred\x1b[0m");
  EXPECT_EQ(shown(ink("[K") + "\x1b[31m"), "\x1b[K\\x1b[31m");
  EXPECT_EQ(shown(std::string("\0", 1)), R"(\x00)") << "no code";
  EXPECT_EQ(shown(ink("]0;x\x07")), R"(\x00]0;x\x07)") << "none of ours";
  EXPECT_EQ(shown(ink("[31")), R"(\x00[31)") << "without an end";
}

TEST(PrintableOutput, GuardsStandardOutputUntilItEnds) {
  std::ostringstream seen;
  std::streambuf* const before = std::cout.rdbuf(seen.rdbuf());
  {
    const PrintableOutput guard;
    std::cout << "a\x1b[31m" << 'b' << "\xc3"
              << "\xa9\r"
              << "\n"
              << ink("[1m") << "c";
    EXPECT_EQ(seen.str(), "a\\x1b[31mb\u00e9\r\n") << "characters and line ends may come in pieces";
    std::cout << std::flush;
    std::cout << "d\r";
  }
  std::cout << "\x1b";
  std::cout.rdbuf(before);
  EXPECT_EQ(seen.str(), "a\\x1b[31mb\u00e9\r\n\x1b[1mcd\\x0d\x1b");
}

/// As of a full disk.
class Full : public std::streambuf {};

TEST(PrintableOutput, FailureIsNotForgotten) {
  Full full;
  std::streambuf* const before = std::cout.rdbuf(&full);
  {
    const PrintableOutput guard;
    std::cout << "lost\n";
  }
  EXPECT_FALSE(std::cout);
  std::cout.rdbuf(before);
  std::cout.clear();
}

}  // namespace
}  // namespace tlbstorm::os
