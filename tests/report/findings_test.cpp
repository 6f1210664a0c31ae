// SPDX-License-Identifier: Apache-2.0
// Findings of every grade in every format.
#include "harness/report/findings.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace tlbstorm::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class FindingsTest : public testing::Test {
 protected:
  FindingsTest() {
    report_.title = "tlbstorm doctor";
    report_.context = {{"profile", "reclaim"}};
    for (const os::Grade grade : {os::Grade::ok, os::Grade::warning, os::Grade::failed, os::Grade::unknown,
                                  os::Grade::not_applicable})
      report_.rows.push_back({{.id = std::string(name(grade)) + "_check#1",
                               .grade = grade,
                               .found = "a < b & 5%",
                               .wanted = "c|d",
                               .why = "it moves pages",
                               .fix = grade == os::Grade::failed ? "sysctl -w x=1" : ""}});
  }
  std::string as(std::string_view name) const {
    for (const FindingFormat& format : finding_formats())
      if (format.name == name) return format.print(report_);
    return "no such format";
  }
  FindingReport report_;
};

TEST_F(FindingsTest, TextSaysWhyAndHowToFixWhatIsNotOk) {
  const std::string text = as("text");
  EXPECT_THAT(text, HasSubstr("  profile  reclaim\n"));
  EXPECT_THAT(text, HasSubstr("fix: sysctl -w x=1"));
  EXPECT_THAT(text, HasSubstr("1 ok, 1 warning, 1 failed, 1 unknown, 1 not applicable"));
  EXPECT_THAT(text.substr(0, text.find("warning_check")), Not(HasSubstr("it moves pages")))
      << "of what is ok";
}

TEST_F(FindingsTest, UnknownIsSkippedUnlessItCountsAsFailed) {
  EXPECT_THAT(as("junit"), HasSubstr(R"(tests="5" failures="1" skipped="2")"));
  EXPECT_THAT(as("ktap"), HasSubstr("\nok 4 unknown_check_1 # SKIP unknown\n"));
  report_.unknown_fails = true;
  EXPECT_THAT(as("junit"), HasSubstr(R"(tests="5" failures="2" skipped="1")"));
  EXPECT_THAT(as("ktap"), HasSubstr("\nnot ok 4 unknown_check_1\n"));
}

TEST_F(FindingsTest, EachFormatEscapesWhatItMust) {
  EXPECT_THAT(as("junit"), HasSubstr("a &lt; b &amp; 5%"));
  EXPECT_THAT(as("github"), HasSubstr("a < b & 5%25; wanted: c|d"));
  EXPECT_THAT(as("github"), HasSubstr("::error title=tlbstorm failed::failed_check#1: "));
  EXPECT_THAT(as("markdown"), HasSubstr("| **failed** | `failed_check#1` | a < b & 5% | c\\|d |\n"));
  EXPECT_THAT(as("markdown"), HasSubstr("\n- failed_check#1: it moves pages; fix: `sysctl -w x=1`\n"));
}

TEST_F(FindingsTest, JsonHasAllOfThem) {
  const auto json = nlohmann::json::parse(as("json"));
  ASSERT_EQ(json["findings"].size(), 5u);
  EXPECT_EQ(json["findings"][2]["id"], "failed_check#1");
  EXPECT_EQ(json["findings"][2]["grade"], "failed");
  EXPECT_EQ(json["findings"][2]["fix"], "sysctl -w x=1");
  EXPECT_EQ(json["findings"][4]["grade"], "not applicable");
}

}  // namespace
}  // namespace tlbstorm::report
