// SPDX-License-Identifier: Apache-2.0
// A gate's findings in each of its formats.
#include "harness/report/gate_formats.hpp"

#include <cmath>

#include "harness/os/printable.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class GateReportsTest : public ::testing::Test {
 protected:
  GateReportsTest() {
    report_.base = "results/a (5 of 5 trials valid)";
    report_.next = "results/<b> (5 of 5 trials valid)";
    add("ipis_per_page <= +5%", "ipis_per_page", compare::Ruling::pass, "within it");
    add("tlb_* <= +5%", "tlb_ipis", compare::Ruling::fail, "beyond 5% & more|less #1\nof it");
    add("throughput >= -5%", "throughput", compare::Ruling::unsure,
        "2 and 2 trials could never fail this gate");
    report_.gate.results[0].title = "workers = 4";
    report_.gate.results[1].change = 0.25;
    report_.gate.results[1].interval = {0.2, 0.3};
    report_.gate.notes = {"new: 1 of 5 trials are invalid and no evidence"};
  }
  void add(const std::string& rule, const std::string& metric, compare::Ruling ruling,
           const std::string& why) {
    compare::RuleResult& result = report_.gate.results.emplace_back();
    result.rule = compare::parse_rule(rule);
    result.metric = {metric, "x", trial::Better::lower};
    result.bound = 0.05;
    result.ruling = ruling;
    result.base = result.next = stats::describe(test::Values{1, 2, 3});
    result.why = why;
  }
  std::string as(const std::string& name, bool unsure_fails = true) {
    report_.unsure_fails = unsure_fails;
    if (name == "json") return gate_json(report_);
    for (const FindingFormat& format : finding_formats())
      if (format.name == name) return format.print(findings_of(report_));
    return "no format " + name;
  }
  static int count(const std::string& text, const std::string& part) {
    int found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
  }
  GateReport report_;
};

TEST_F(GateReportsTest, TextEndsWithTheCounts) {
  const std::string text = as("text");
  EXPECT_THAT(text, HasSubstr("  base  results/a (5 of 5 trials valid)\n"));
  EXPECT_THAT(text, HasSubstr("pass    workers = 4: ipis_per_page <= +5%"));
  EXPECT_THAT(text, HasSubstr("FAIL    tlb_* <= +5% (tlb_ipis)"));
  EXPECT_THAT(text, HasSubstr("note: new: 1 of 5 trials are invalid"));
  EXPECT_THAT(text, HasSubstr("\n  FAIL: 1 pass, 1 FAIL, 1 unsure\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  report_.coloured = true;
  EXPECT_THAT(as("text"), HasSubstr(os::ink("[31m") + "  FAIL"));
}

TEST_F(GateReportsTest, JunitCountsUnsureAsFailedOrSkipped) {
  const std::string failing = as("junit");
  EXPECT_THAT(failing, HasSubstr(R"(tests="3" failures="2" skipped="0")"));
  EXPECT_EQ(count(failing, "<failure "), 2);
  EXPECT_EQ(count(failing, "<skipped "), 0);
  const std::string passing = as("junit", false);
  EXPECT_THAT(passing, HasSubstr(R"(tests="3" failures="1" skipped="1")"));
  EXPECT_EQ(count(passing, "<failure "), 1);
  EXPECT_EQ(count(passing, "<skipped "), 1);
}

TEST_F(GateReportsTest, JunitIsWellFormed) {
  const std::string text = as("junit");
  EXPECT_THAT(text, HasSubstr("beyond 5% &amp; more|less"));
  EXPECT_THAT(text, HasSubstr("ipis_per_page &lt;= +5%"));
  EXPECT_EQ(count(text, "<testcase "), count(text, "</testcase>"));
  EXPECT_EQ(count(text, "<"), count(text, ">"));
}

TEST_F(GateReportsTest, KtapHasALineForEachRuleAndItsReasonAbove) {
  EXPECT_EQ(as("ktap"),
            "KTAP version 1\n1..3\n"
            "# within it\nok 1 workers = 4: ipis_per_page <= +5%\n"
            "# beyond 5% & more|less #1 of it\nnot ok 2 tlb_* <= +5% (tlb_ipis)\n"
            "# 2 and 2 trials could never fail this gate\nnot ok 3 throughput >= -5%\n");
  EXPECT_THAT(as("ktap", false), HasSubstr("\nok 3 throughput >= -5% # SKIP unsure\n"));
}

TEST_F(GateReportsTest, GithubsAnnotationsAreALineEach) {
  const std::string text = as("github");
  EXPECT_EQ(count(text, "\n"), 3);
  EXPECT_THAT(text,
              HasSubstr("::notice title=tlbstorm pass::workers = 4: ipis_per_page <= +5%25: within it\n"));
  EXPECT_THAT(text, HasSubstr("::error title=tlbstorm FAIL::"));
  EXPECT_THAT(text, HasSubstr("more|less #1%0Aof it\n"));
  EXPECT_THAT(text, HasSubstr("::warning title=tlbstorm unsure::"));
}

TEST_F(GateReportsTest, MarkdownKeepsItsColumns) {
  const std::string text = as("markdown");
  EXPECT_THAT(text, HasSubstr("### tlbstorm gate: FAIL\n"));
  EXPECT_THAT(text,
              HasSubstr("| **FAIL** | `tlb_* <= +5% (tlb_ipis)` | 2 | 2 | +25.0% | +20.0% .. +30.0% | 1 |"));
  EXPECT_THAT(text, HasSubstr("beyond 5% & more\\|less #1 of it |  |\n"));
  EXPECT_THAT(text, HasSubstr("\n- new: 1 of 5 trials are invalid"));
  EXPECT_THAT(text, HasSubstr("\n\nbase: results/a")) << "no part of the list above it";
}

TEST_F(GateReportsTest, JsonHasAllAndNullForWhatIsAbsent) {
  report_.gate.results[0].p = 0.25;
  const auto json = nlohmann::json::parse(as("json"));
  EXPECT_EQ(json["ruling"], "FAIL");
  EXPECT_EQ(json["base"], report_.base);
  ASSERT_EQ(json["rules"].size(), 3U);
  EXPECT_EQ(json["rules"][0]["run"], "workers = 4");
  EXPECT_EQ(json["rules"][0]["rule"], "ipis_per_page <= +5%");
  EXPECT_EQ(json["rules"][0]["p"], 0.25);
  EXPECT_TRUE(json["rules"][0]["change"].is_null());
  EXPECT_EQ(json["rules"][1]["high"], 0.3);
  EXPECT_EQ(json["rules"][2]["ruling"], "unsure");
}

TEST_F(GateReportsTest, RuleAboutAValueHasNoChangeAndNoP) {
  report_.gate.results.clear();
  add("fault_latency_p99 <= 20us", "fault_latency_p99", compare::Ruling::pass, "the median of 3 trials is 2");
  EXPECT_THAT(as("markdown"), HasSubstr("| pass | `fault_latency_p99 <= 20us` |  | 2 |  |  |  | the median"));
  EXPECT_TRUE(nlohmann::json::parse(as("json"))["rules"][0]["p"].is_null());
}

}  // namespace
}  // namespace tlbstorm::report
