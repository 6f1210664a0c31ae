// SPDX-License-Identifier: Apache-2.0
#include "harness/record/csv.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "harness/os/error.hpp"
#include "harness/record/run_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::record {
namespace {

namespace fs = std::filesystem;

class RecordTest : public ::testing::Test {
 protected:
  fs::path put(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  /// What the error says, with the folder's name taken out.
  template <typename Body>
  std::string complaint(Body body) const {
    try {
      body();
    } catch (const os::Error& error) {
      std::string text = error.what();
      if (const auto at = text.find(folder_.native()); at != std::string::npos)
        text.erase(at, folder_.native().size() + 1);
      return text;
    }
    return "";
  }
  static std::vector<std::vector<std::string>> rows(CsvReader& reader) {
    std::vector<std::vector<std::string>> all;
    std::vector<std::string> row;
    while (reader.next(row)) all.push_back(row);
    return all;
  }
  const test::TemporaryFolder folder_of_test_;
  const fs::path folder_ = folder_of_test_.path();
};

TEST_F(RecordTest, WhatIsWrittenReadsBack) {
  {
    CsvWriter writer(folder_ / "x.csv", "a,b,c");
    writer.field("plain").field("with, comma").field("with \"quotes\"\nand a line").end_row();
    writer.field(std::nan("")).field(12345678901234.0).field(0.1).end_row();
    writer.flush();
  }
  CsvReader reader(folder_ / "x.csv");
  const auto all = rows(reader);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], (std::vector<std::string>{"plain", "with, comma", "with \"quotes\"\nand a line"}));
  EXPECT_EQ(all[1], (std::vector<std::string>{"", "12345678901234", "0.1"}));
  EXPECT_TRUE(std::isnan(to_double(reader, all[1][0])));
  EXPECT_FALSE(reader.truncated());
}

TEST_F(RecordTest, RowsEndAsRfc4180HasIt) {
  {
    CsvWriter writer(folder_ / "x.csv", "a,b");
    writer.field(1).field(2).end_row();
    writer.flush();
  }
  std::ifstream stream(folder_ / "x.csv", std::ios::binary);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(stream)), {}), "a,b\r\n1,2\r\n");
}

TEST_F(RecordTest, CutOffLastRowIsLeftOutAndTold) {
  CsvReader reader(put("x.csv", "a,b\r\n1,2\r\n3"));
  EXPECT_EQ(rows(reader).size(), 1u);
  EXPECT_TRUE(reader.truncated());
}

TEST_F(RecordTest, DamageIsToldWithFileAndLine) {
  CsvReader reader(put("x.csv", "a,b\r\n1,2\r\n3\r\n"));
  EXPECT_EQ(complaint([&] { rows(reader); }), "x.csv:3: 1 fields where the header has 2");
  CsvReader words(put("y.csv", "a\r\nword\r\n"));
  std::vector<std::string> row;
  words.next(row);
  EXPECT_EQ(complaint([&] { to_double(words, row[0]); }), "y.csv:2: 'word' is not a number");
  EXPECT_EQ(complaint([&] { static_cast<void>(words.column("b")); }), "y.csv:1: no column b");
  EXPECT_NE(complaint([&] { CsvReader empty(put("z.csv", "")); }).find("z.csv: empty"), std::string::npos);
}

TEST_F(RecordTest, FolderThatIsNoRunIsRefused) {
  EXPECT_NE(complaint([&] { read_run(folder_); }).find("not a run folder"), std::string::npos);
  put("run.json", "{\"schema\": 1");
  EXPECT_NE(complaint([&] { read_run(folder_); }).find("damaged"), std::string::npos);
  put("run.json", R"({"schema": 99, "trials": [], "plan": {}})");
  EXPECT_NE(complaint([&] { read_run(folder_); }).find("newer"), std::string::npos);
}

TEST_F(RecordTest, KilledRunReadsBackWithARemark) {
  put("run.json", R"({"schema": 1, "state": "running", "plan": {}, "trials": [{"trial": 1, "valid": true},
                     {"trial": 2, "outcome": "running"}]})");
  put("trials.csv", "trial,metric,unit,value\r\n1,tlb_ipis,handlers,12\r\n1,ns_per_page,ns/pa");
  const RunFolder run = read_run(folder_);
  ASSERT_NE(run.find("tlb_ipis"), nullptr);
  EXPECT_EQ(run.find("tlb_ipis")->by_trial.at(1), 12);
  EXPECT_EQ(run.find("ns_per_page"), nullptr);
  EXPECT_TRUE(run.valid(1));
  EXPECT_FALSE(run.valid(2));
  EXPECT_EQ(run.remarks.size(), 2u);
}

}  // namespace
}  // namespace tlbstorm::record
