// SPDX-License-Identifier: Apache-2.0
#include "harness/record/json_file.hpp"

#include <fmt/format.h>

#include "tests/record/record_test.hpp"

namespace tlbstorm::record {
namespace {

using nlohmann::ordered_json;

class JsonFileTest : public RecordTest {};

TEST_F(JsonFileTest, TextsOfOthersArePrintableAndInOneLine) {
  const ordered_json json = read_json(
      put("x.json", R"({"a": ["\u001b]0;x\u0007", {"b": "one\n::error::two\u009b\u0000"}], "c": "é"})"));
  EXPECT_EQ(json["a"][0], R"(\x1b]0;x\x07)");
  EXPECT_EQ(json["a"][1]["b"], R"(one\x0a::error::two\xc2\x9b\x00)");
  EXPECT_EQ(json["c"], "é");
}

TEST_F(JsonFileTest, KeysThatAreNotPrintableAreDamage) {
  EXPECT_EQ(complaint([&] { read_json(put("x.json", R"({"plan": {"a\u001bb": 1}})")); }),
            R"(x.json: damaged, 'a\x1bb' is not a key of tlbstorm)");
}

TEST_F(JsonFileTest, DepthIsNoMatter) {
  const std::size_t deep = 200'000;
  const ordered_json json = read_json(put("x.json", std::string(deep, '[') + std::string(deep, ']')));
  EXPECT_TRUE(json.is_array());
}

TEST_F(JsonFileTest, AsManyKeysAsWouldTakeHoursAreRefused) {
  std::string text = "{\"k\":0";
  for (int i = 0; i < 30'000; ++i) text += fmt::format(",\"{}\":0", i);
  EXPECT_EQ(complaint([&] { read_json(put("x.json", text + "}")); }),
            "x.json: damaged, more than 20000 keys in one object");
}

TEST_F(JsonFileTest, WhatIsWrittenIsAsciiWhateverItHolds) {
  const std::string text = json_text({{"path", "caf\u00e9 \x7f \xff \x1b"}});
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
  EXPECT_EQ(ordered_json::parse(text)["path"], "caf\u00e9 \x7f \ufffd \x1b");
}

}  // namespace
}  // namespace tlbstorm::record
