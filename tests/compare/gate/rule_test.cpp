// SPDX-License-Identifier: Apache-2.0
// Rules as they are written: what is understood, and the words with which the rest is refused.
#include "harness/compare/gate/rule.hpp"

#include "tests/judge/made_run.hpp"

namespace tlbstorm::compare {
namespace {

class RuleTest : public test::MadeRunsTest {
 protected:
  static double bound(const std::string& text, const std::string& unit) {
    return parse_rule(text).bound_in(unit);
  }
  /// The complaint about a rule, without the hint.
  std::string about(const std::string& text) const {
    return first_line([&] { parse_rule(text); });
  }
  std::string about_bound(const std::string& text, const std::string& unit) const {
    return first_line([&] { bound(text, unit); });
  }
  std::string about_file(const std::string& text) const {
    test::write(folder_.path() / "rules", text);
    return first_line([&] { read_rules(folder_.path() / "rules"); });
  }

 private:
  template <typename Body>
  std::string first_line(Body body) const {
    const std::string text = complaint(body);
    return text.substr(0, text.find('\n'));
  }
};

TEST_F(RuleTest, ChangeHasASignAndAPercentSign) {
  const Rule rule = parse_rule(" ipis_per_page  <= +5% ");
  EXPECT_EQ(rule.text, "ipis_per_page  <= +5%");
  EXPECT_EQ(rule.metric, "ipis_per_page");
  EXPECT_TRUE(rule.at_most);
  EXPECT_TRUE(rule.relative);
  EXPECT_DOUBLE_EQ(rule.bound_in("IPIs/page"), 0.05);
  const Rule least = parse_rule("throughput>=-2.5%");
  EXPECT_FALSE(least.at_most);
  EXPECT_TRUE(least.relative);
  EXPECT_DOUBLE_EQ(least.bound_in("operations/s"), -0.025);
  EXPECT_TRUE(parse_rule("throughput >= -0%").relative);
}

TEST_F(RuleTest, AnythingElseIsAValue) {
  for (const char* const text : {"fault_latency_p99 <= 20us", "x <= 5", "x <= +5", "x <= 5%"})
    EXPECT_FALSE(parse_rule(text).relative) << text;
}

TEST_F(RuleTest, ValuesAreInTheMetricsUnit) {
  EXPECT_DOUBLE_EQ(bound("x <= 20us", "ns"), 20000);
  EXPECT_DOUBLE_EQ(bound("x <= 20us", "ns/page"), 20000);
  EXPECT_DOUBLE_EQ(bound("x <= 20ms", "s"), 0.02);
  EXPECT_DOUBLE_EQ(bound("x <= 2m", "s"), 120);
  EXPECT_DOUBLE_EQ(bound("x <= 1500", "ns"), 1500);
  EXPECT_DOUBLE_EQ(bound("x >= 900K", "IPIs/s"), 900e3);
  EXPECT_DOUBLE_EQ(bound("x >= 1.5M", "operations/s"), 1.5e6);
  EXPECT_DOUBLE_EQ(bound("x >= 0.25", "IPIs/page"), 0.25);
  EXPECT_DOUBLE_EQ(bound("x <= 5%", "ratio"), 0.05);
  EXPECT_DOUBLE_EQ(bound("x <= 1e-3", "ratio"), 1e-3);
}

TEST_F(RuleTest, SizesAreInPowersOf1024AsEverywhere) {
  EXPECT_DOUBLE_EQ(bound("x <= 64M", "bytes"), 64.0 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(bound("x >= 1G", "bytes/s"), 1024.0 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(bound("x >= 4096", "bytes"), 4096);
}

TEST_F(RuleTest, WrongUnitIsRefused) {
  EXPECT_EQ(about_bound("x <= 20us", "IPIs/page"), "--rule x <= 20us: 20us is no IPIs/page");
  EXPECT_EQ(about_bound("x <= 64MB", "ns"), "--rule x <= 64MB: 64MB is no ns");
  EXPECT_EQ(about_bound("x <= 20us", "bytes"), "--rule x <= 20us: 20us is no bytes");
  EXPECT_EQ(about_bound("x <= soon", "s"), "--rule x <= soon: soon is no s");
  EXPECT_EQ(about_bound("x <= 5%", "IPIs"),
            "--rule x <= 5%: x is in IPIs, not a part of something; a change needs a sign");
}

TEST_F(RuleTest, BadRulesAreRefusedWithWhatIsWrong) {
  EXPECT_EQ(about(""), "--rule '': there is no <= or >= in it");
  EXPECT_EQ(about("ipis_per_page"), "--rule ipis_per_page: there is no <= or >= in it");
  EXPECT_EQ(about("ipis_per_page = 5"), "--rule ipis_per_page = 5: there is no <= or >= in it");
  EXPECT_EQ(about("ipis_per_page < 5"), "--rule ipis_per_page < 5: there is no <= or >= in it");
  EXPECT_EQ(about("<= 5"), "--rule <= 5: there is no <= or >= in it");
  EXPECT_EQ(about("x <="), "--rule x <=: there is no bound in it");
  EXPECT_EQ(about("two words <= 5"), "--rule two words <= 5: 'two words' is no metric");
  EXPECT_EQ(about("x <= +5 %"), "--rule x <= +5 %: '+5 %' is no percentage");
  EXPECT_EQ(about("x <= nan%"), "--rule x <= nan%: 'nan%' is no percentage");
  EXPECT_EQ(about("x <= %"), "--rule x <= %: '%' is no percentage");
  EXPECT_EQ(about_bound("x <= nan", "ratio"), "--rule x <= nan: nan is no ratio");
  EXPECT_EQ(
      complaint([] { parse_rule("x"); }),
      "--rule x: there is no <= or >= in it\n"
      "write it as 'ipis_per_page <= +5%' (against the base) or 'fault_latency_p99 <= 20us' (by itself)");
}

TEST_F(RuleTest, FileHasARuleALine) {
  test::write(folder_.path() / "rules",
              "# what we promise\n\nipis_per_page <= +5%  # against the base\n\tthroughput >= -3%\r\n");
  const auto rules = read_rules(folder_.path() / "rules");
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].text, "ipis_per_page <= +5%");
  EXPECT_EQ(rules[1].metric, "throughput");
}

TEST_F(RuleTest, FilesErrorsHaveTheirLine) {
  EXPECT_EQ(about_file("# rules\nx <= 5\ny = 5\n"), "rules:3: --rule y = 5: there is no <= or >= in it");
  EXPECT_EQ(about_file("# nothing\n\n"), "--rules rules: there is no rule in it");
  EXPECT_EQ(complaint([&] { read_rules(folder_.path() / "none"); }).substr(0, 12), "--rules none");
}

TEST_F(RuleTest, DefaultRulesAreChanges) {
  for (const Rule& rule : default_rules()) EXPECT_TRUE(rule.relative) << rule.text;
}

}  // namespace
}  // namespace tlbstorm::compare
