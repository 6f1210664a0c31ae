// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/record/csv_reader.hpp"
#include "harness/record/csv_writer.hpp"
#include "tests/record/record_test.hpp"

namespace tlbstorm::record {
namespace {

using ::testing::ElementsAre;

std::vector<std::vector<std::string>> rows(CsvReader& reader) {
  std::vector<std::vector<std::string>> all;
  std::vector<std::string_view> row;
  while (reader.next(row)) all.emplace_back(row.begin(), row.end());
  return all;
}

class CsvTest : public RecordTest {
 protected:
  /// What reading all of a file says against it.
  std::string complaint_about(const std::string& text) const {
    return complaint([&] {
      CsvReader reader(put("x.csv", text));
      rows(reader);
    });
  }
  /// What is said of a number in the file's second line.
  std::string complaint_about_number(const std::string& field) const {
    CsvReader reader(put("x.csv", "a\r\n" + field + "\r\n"));
    std::vector<std::string_view> row;
    reader.next(row);
    return complaint([&] { to_double(reader, row[0]); });
  }
};

TEST_F(CsvTest, WhatIsWrittenReadsBack) {
  {
    CsvWriter writer(os::Folder::open(folder_), "x.csv", "a,b,c");
    writer.field("plain").field("with, comma").field("with \"quotes\"\nand a line").end_row();
    writer.field(std::nan("")).field(12345678901234.0).field(0.1).end_row();
    writer.flush();
  }
  CsvReader reader(folder_ / "x.csv");
  const auto all = rows(reader);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(all[0], ElementsAre("plain", "with, comma", "with \"quotes\"\nand a line"));
  EXPECT_THAT(all[1], ElementsAre("", "12345678901234", "0.1"));
  EXPECT_TRUE(std::isnan(to_double(reader, all[1][0])));
  EXPECT_FALSE(reader.truncated());
}

TEST_F(CsvTest, RowsEndAsRfc4180HasIt) {
  {
    CsvWriter writer(os::Folder::open(folder_), "x.csv", "a,b");
    writer.field(1).field(2).end_row();
    writer.flush();
  }
  std::ifstream stream(folder_ / "x.csv", std::ios::binary);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(stream)), {}), "a,b\r\n1,2\r\n");
}

TEST_F(CsvTest, BothLineEndsAreRead) {
  CsvReader reader(put("x.csv", "a,b\n1,2\r\n\"3\",4\n5,\"6\"\r\n"));
  EXPECT_THAT(rows(reader), ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4"), ElementsAre("5", "6")));
}

TEST_F(CsvTest, RowsAreReadAcrossBlocks) {
  const std::string wide(100'000, 'x');
  std::string text = "a,b\r\n";
  for (int i = 0; i < 40; ++i) text += wide + "," + std::to_string(i) + "\r\n";
  CsvReader reader(put("x.csv", text));
  const auto all = rows(reader);
  ASSERT_EQ(all.size(), 40u);
  for (int i = 0; i < 40; ++i)
    EXPECT_THAT(all[static_cast<std::size_t>(i)], ElementsAre(wide, std::to_string(i)));
}

TEST_F(CsvTest, CutOffLastRowIsLeftOutAndTold) {
  for (const char* const cut : {"3", "3,4", "\"3", "3,4\r"}) {
    CsvReader reader(put("x.csv", std::string("a,b\r\n1,2\r\n") + cut));
    EXPECT_EQ(rows(reader).size(), 1u) << cut;
    EXPECT_TRUE(reader.truncated()) << cut;
  }
}

TEST_F(CsvTest, DamageIsToldWithFileAndLine) {
  EXPECT_EQ(complaint_about(""), "x.csv: empty, not a CSV file of tlbstorm");
  EXPECT_EQ(complaint_about("a,b"), "x.csv:1: the header was cut off");
  EXPECT_EQ(complaint_about("a,b,a\r\n"), "x.csv:1: column a is there twice");
  EXPECT_EQ(complaint_about("a,\r\n"), "x.csv:1: a column without a name");
  EXPECT_EQ(complaint_about("a,b\r\n1,2\r\n3\r\n"), "x.csv:3: 1 fields where the header has 2");
  EXPECT_EQ(complaint_about("a,b\r\n1,2,3,4\r\n"), "x.csv:2: 4 fields where the header has 2");
  EXPECT_EQ(complaint_about("a,b\r\n1,\"2\"\r\n\"3\",4,5\r\n"), "x.csv:3: 3 fields where the header has 2");
  EXPECT_EQ(complaint_about("a,b\r\n\r\n"), "x.csv:2: 1 fields where the header has 2");
  EXPECT_EQ(complaint_about("a,b\r\n1,\"2\r\n3,4\r\n"), "x.csv:2: a quote is not closed");
  EXPECT_EQ(complaint_about(std::string("a,b\r\n1,\0\r\n", 10)), "x.csv:2: a NUL byte, so it is no text");
  CsvReader reader(put("x.csv", "a\r\n"));
  EXPECT_EQ(complaint([&] { static_cast<void>(reader.column("b")); }), "x.csv:1: no column b");
}

TEST_F(CsvTest, LinesWithoutEndAreBounded) {
  const std::string long_line(std::size_t{17} << 20, '1');
  EXPECT_EQ(complaint_about("a,b\r\n" + long_line + "\r\n"),
            "x.csv:2: a line of more than 16 MiB, not a row of tlbstorm");
  EXPECT_EQ(complaint_about("a,b\r\n1,2\r\n" + long_line),
            "x.csv:3: a line of more than 16 MiB, not a row of tlbstorm");
  std::string lines;
  for (int i = 0; i < 17; ++i) lines += std::string(std::size_t{1} << 20, '1') + "\r\n";
  EXPECT_EQ(complaint_about("a,b\r\n1,\"" + lines), "x.csv:2: a quote is not closed");
  EXPECT_EQ(complaint_about(std::string(70'000, ',') + "\r\n"),
            "x.csv:1: 70001 columns, not a header of tlbstorm");
}

TEST_F(CsvTest, OnlyFiniteNumbersAreNumbers) {
  EXPECT_EQ(complaint_about_number("word"), "x.csv:2: 'word' is not a number");
  for (const char* const wrong : {"nan", "inf", "-inf", "NaN", "1e999", "1 ", " 1", "+1", "0x10", "1,5", "-"})
    EXPECT_EQ(complaint_about_number('"' + std::string(wrong) + '"'),
              "x.csv:2: '" + std::string(wrong) + "' is not a number");
  for (const char* const right : {"0", "-1", "1e300", "0.1", "18446744073709551615", "1234567890123456"})
    EXPECT_EQ(complaint_about_number(right), "");
  EXPECT_EQ(complaint_about_number("\"a\nb\""), R"(x.csv:2: 'a\x0ab' is not a number)")
      << "errors are one line";
}

TEST_F(CsvTest, IndexIsAWholeNumberThatAnIntHolds) {
  CsvReader reader(put("x.csv", "trial\r\n1\r\n"));
  std::vector<std::string_view> row;
  reader.next(row);
  EXPECT_EQ(to_index(reader, "trial", "2147483647"), 2147483647);
  for (const std::string wrong : {"", "-1", "1.5", "nan", "2147483648", "1e3"})
    EXPECT_EQ(complaint([&] { to_index(reader, "trial", wrong); }),
              "x.csv:2: '" + wrong + "' is not the number of a trial");
}

TEST_F(CsvTest, WhatIsNoFileIsAnError) {
  EXPECT_EQ(complaint([&] { CsvReader(folder_ / "no.csv"); }).substr(0, 5), "open ");
  EXPECT_EQ(complaint([&] { CsvReader{folder_}; }), " a folder, not a file") << "a folder";
}

}  // namespace
}  // namespace tlbstorm::record
