// SPDX-License-Identifier: Apache-2.0
#include "harness/os/units.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "harness/os/error.hpp"

namespace tlbstorm::os {
namespace {

std::string complaint(const std::function<void()>& body) {
  try {
    body();
  } catch (const UsageError& error) {
    EXPECT_FALSE(error.hint().empty()) << error.what();
    return error.what();
  }
  return "";
}

TEST(Units, SizesTakeSuffixesFractionsAndShares) {
  const Bytes whole = 8_GiB;
  EXPECT_EQ(parse_size("--x", "4096", whole).count, 4096u);
  EXPECT_EQ(parse_size("--x", "512M", whole), 512_MiB);
  EXPECT_EQ(parse_size("--x", "512MiB", whole), 512_MiB);
  EXPECT_EQ(parse_size("--x", "1.5G", whole), 1536_MiB);
  EXPECT_EQ(parse_size("--x", "2g", whole), 2_GiB);
  EXPECT_EQ(parse_size("--x", "25%", whole), 2_GiB);
}

TEST(Units, WrongSizesNameOptionAndValue) {
  for (const char* const text :
       {"",  "x",   "3X",  "-1",   "nan", "inf", "101%", "1e30",  "3 apples", "5MM",
        "M", " 1G", "1G ", "1  G", "-0",  "+1G", "0x10", "1e308", "16E",      "9223372036854775807"}) {
    const std::string said = complaint([&] { parse_size("--memory", text, 8_GiB); });
    EXPECT_NE(said.find(std::string("--memory ") + text), std::string::npos) << text << ": " << said;
  }
}

TEST(Units, ShareBetweenBoundsIsTheShareUnlessABoundIsNearer) {
  EXPECT_EQ(parse_size("--x", "64M..25%..4G", 8_GiB), 2_GiB);
  EXPECT_EQ(parse_size("--x", "64M..1%..4G", 1_GiB), 64_MiB);
  EXPECT_EQ(parse_size("--x", "64M..1%..4G", 1024_GiB), 4_GiB);
  EXPECT_EQ(parse_size("--x", "64M..1%", 1_GiB), 64_MiB);
  EXPECT_EQ(parse_size("--x", "1%..4G", 1024_GiB), 4_GiB);
  for (const char* const text : {"..", "64M..", "..1%", "64M..4G", "1%..2%", "64M..1%..", "64M..1%..4G..8G",
                                 "x..1%", "4G..1%..64M", "64M..101%"})
    EXPECT_NE(complaint([&] { parse_size("--memory", text, 8_GiB); }), "") << text;
}

TEST(Units, SharesAreWholePagesOfAnyKernel) {
  EXPECT_EQ(parse_size("--x", "33.3%", 8_GiB).count % (64 << 10), 0u);
}

TEST(Units, TimesNeedAUnit) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("--x", "250ms"), 250ms);
  EXPECT_EQ(parse_duration("--x", "30s"), 30s);
  EXPECT_EQ(parse_duration("--x", "5m"), 5min);
  EXPECT_EQ(parse_duration("--x", "0"), 0s);
  EXPECT_EQ(parse_duration("--x", "1.5h"), 90min);
  for (const char* const text : {"", "3", "3y", "-1s", "nan", "9999999h", " 1s", "-0", "1e308s", "0x10s"})
    EXPECT_NE(complaint([&] { parse_duration("--x", text); }), "") << text;
}

TEST(Units, ZeroAndTheWholeAreSizes) {
  EXPECT_EQ(parse_size("--x", "0", 8_GiB), Bytes{0});
  EXPECT_EQ(parse_size("--x", "0%", 8_GiB), Bytes{0});
  EXPECT_EQ(parse_size("--x", "100%", 8_GiB), 8_GiB);
  EXPECT_EQ(parse_size("--x", "12.5%", 8_GiB), 1_GiB);
  EXPECT_EQ(parse_size("--x", "1 T", 8_GiB), 1024_GiB);
}

TEST(Units, SmallTimesKeepTheirNanoseconds) {
  EXPECT_EQ(parse_duration("--x", "7ns").count(), 7);
  EXPECT_EQ(parse_duration("--x", "1.5us").count(), 1500);
  EXPECT_EQ(parse_duration("--x", "100us").count(), 100'000);
}

TEST(Units, ListsThatAreWrongNameOptionAndValue) {
  for (const char* const text : {"a", "3-1", "0,,1", "0-3;8", "1 2", "65536"})
    EXPECT_EQ(complaint([&] { parse_list("--cpus", text); }).find(std::string("--cpus ") + text), 0u) << text;
}

TEST(Units, FormattedListsAreParsedBack) {
  const std::vector<int> numbers{0, 2, 3, 4, 9, 63, 64};
  EXPECT_EQ(format_list(numbers), "0,2-4,9,63-64");
  EXPECT_EQ(parse_list("--x", format_list(numbers)), numbers);
  EXPECT_EQ(format_list({}), "");
}

TEST(Units, NumbersAreInTheirRange) {
  EXPECT_EQ(parse_whole("--x", "7", 1, 7), 7u);
  EXPECT_EQ(parse_whole("--x", "18446744073709551615", 0, ~std::uint64_t{0}), ~std::uint64_t{0});
  for (const char* const text : {"", "0", "8", "-1", "-0", "+5", "5.0", "5e0", "0x5", " 5", "5 ", "nan",
                                 "18446744073709551616", "five"})
    EXPECT_EQ(complaint([&] { parse_whole("--x", text, 1, 7); }).find(std::string("--x ") + text), 0u)
        << text;
  EXPECT_EQ(parse_real("--x", "1e-3", 0, 1), 0.001);
  for (const char* const text : {"1.5", "-0", "-0.1", "nan", "inf", "1e308", "1e999", "0,5", " 1", "0x1p-1"})
    EXPECT_EQ(complaint([&] { parse_real("--x", text, 0, 1); }).find(std::string("--x ") + text), 0u) << text;
}

TEST(Units, ListsHaveSomethingInEachPlace) {
  EXPECT_EQ(split_list("--x", "a, b"), (std::vector<std::string>{"a", "b"}));
  for (const char* const text : {"", ",", "a,", ",a", "a,,b", " "})
    EXPECT_NE(complaint([&] { split_list("--x", text); }), "") << text;
}

TEST(Units, SumsAndProductsOfSizesDoNotWrapRound) {
  const Bytes huge{std::uint64_t{1} << 62};
  EXPECT_GT(huge * 4, 1024_GiB);
  EXPECT_GT(huge + huge + huge + huge, 1024_GiB);
  EXPECT_EQ(1_GiB * 4 + 1_GiB, 5_GiB);
}

TEST(Units, TimesAreShownInTheUnitThatFits) {
  using namespace std::chrono_literals;
  EXPECT_EQ(format_duration(0ns), "0 ns");
  EXPECT_EQ(format_duration(999ns), "999 ns");
  EXPECT_EQ(format_duration(250ms), "250 ms");
  EXPECT_EQ(format_duration(90s), "90 s");
  EXPECT_EQ(format_duration(5min), "5 min");
  EXPECT_EQ(format_duration(-1500us), "-1.5 ms");
}

TEST(Units, SizesBetweenUnitsAreShownWithOneDecimal) {
  EXPECT_EQ(format_size(Bytes{0}), "0 B");
  EXPECT_EQ(format_size(Bytes{1023}), "1023 B");
  EXPECT_EQ(format_size(4_KiB), "4 KiB");
  EXPECT_EQ(format_size(Bytes{1234567}), "1.2 MiB");
  EXPECT_EQ(format_size(2048_GiB), "2 TiB");
}

TEST(Units, FiguresBelowAHundredThousandKeepTheirDigits) {
  EXPECT_EQ(format_figure(0), "0");
  EXPECT_EQ(format_figure(12345), "12345");
  EXPECT_EQ(format_figure(99999), "99999");
  EXPECT_EQ(format_figure(-0.5), "-0.5");
  EXPECT_EQ(format_figure(1.0 / 3), "0.333");
}

TEST(Units, ListsAreSortedAndDistinct) {
  EXPECT_EQ(parse_list("--x", "3,0-2,2"), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(format_list({0, 1, 2, 8, 10, 11}), "0-2,8,10-11");
  for (const char* const text : {"", "a", "3-1", "1-", "-1", "99999999"})
    EXPECT_NE(complaint([&] { parse_list("--x", text); }), "") << text;
}

TEST(Units, FiguresAreReadable) {
  EXPECT_EQ(format_size(512_MiB), "512 MiB");
  EXPECT_EQ(format_size(1536_MiB), "1.5 GiB");
  EXPECT_EQ(format_size(Bytes{100}), "100 B");
  EXPECT_EQ(format_duration(Nanoseconds{1250}), "1.25 us");
  EXPECT_EQ(format_duration(std::chrono::seconds{30}), "30 s");
  EXPECT_EQ(format_figure(1.0), "1");
  EXPECT_EQ(format_figure(0.01416), "0.0142");
  EXPECT_EQ(format_figure(1234567), "1.235M");
  EXPECT_EQ(format_figure(std::nan("")), "-");
}

TEST(Units, NearestFindsSlipsOnly) {
  EXPECT_EQ(nearest("pageot", {"pageout", "file-cache"}), "pageout");
  EXPECT_EQ(nearest("xyzzy", {"pageout", "file-cache"}), "");
}

}  // namespace
}  // namespace tlbstorm::os
