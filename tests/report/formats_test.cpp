// SPDX-License-Identifier: Apache-2.0
// A comparison in each of its formats.
#include "harness/report/formats.hpp"

#include "harness/compare/batches.hpp"
#include "harness/compare/change_text.hpp"
#include "harness/os/printable.hpp"
#include "harness/report/cells.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::report {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using test::Values;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    all.push_back(text.substr(begin, end - begin));
  }
  return all;
}

/// Two kernels: fewer IPIs, the same throughput, no swap in use.
class FormatsTest : public test::MadeRunsTest {
 protected:
  FormatsTest()
      : base_(run_of_ipis(around(1))
                  .with("throughput", "operations/s", around(1e6))
                  .with("swap_in_rate", "pages/s", Values(6, 0))),
        next_(run_of_ipis(around(0.25))
                  .with("throughput", "operations/s", around(1e6))
                  .with("swap_in_rate", "pages/s", Values(6, 0))) {
    next_.manifest["machine"]["kernel_release"] = "6.19.0";
    for (int trial = 1; trial <= 6; ++trial) {
      base_.took(trial, 1000 + trial, 100);
      next_.took(trial, 1000 + trial, 100);
    }
  }
  Report report(Sorting sorting = Sorting::as_listed) const {
    return {compare::compare_folders({put("base", base_), put("new", next_)}, {}, {}, true), sorting, false};
  }
  Report sweep() const {
    const auto of = [&](const std::string& name, double ipis) {
      return put_batch(name, "sweep", "region", {{"4M", base_}, {"8M", run_of_ipis(around(ipis))}});
    };
    return {compare::compare_folders({of("a", 1), of("b", 2)}, {}, {}, true), Sorting::as_listed, false};
  }
  MadeRun base_, next_;
};

TEST_F(FormatsTest, TextSaysWhatDiffersBeforeWhatChanged) {
  const std::string text = print_text(report());
  const std::size_t differs = text.find("what differs"), changed = text.find("95% interval");
  ASSERT_NE(changed, std::string::npos);
  EXPECT_LT(differs, changed);
  EXPECT_THAT(text, HasSubstr("  kernel_release  6.18.1  6.19.0\n"));
  EXPECT_THAT(text, HasSubstr("(6 of 6 trials valid)"));
  EXPECT_THAT(text, HasSubstr("  machine    AMD EPYC, 2 CPUs, 1 socket, 1 NUMA node, guest of KVM\n"));
  EXPECT_THAT(text, HasSubstr("-75.0%"));
  EXPECT_THAT(text, HasSubstr("better\n"));
  EXPECT_THAT(text, HasSubstr("  zero on both sides: swap_in_rate\n"));
  EXPECT_THAT(text, HasSubstr("read    major  "));
  EXPECT_THAT(text, HasSubstr("  evidence   1 run a side\n"));
}

TEST_F(FormatsTest, TextSaysWhenRunsOfTheSidesWereMadeInTurn) {
  const auto put_at = [&](const char* name, MadeRun& run, int minute) {
    run.manifest["started"] = fmt::format("2026-11-21T10:0{}:00Z", minute);
    return put(name, run);
  };
  const auto first = put_at("base", base_, 0), second = put_at("next", next_, 1),
             third = put_at("new", next_, 2), fourth = put_at("later", base_, 3);
  const Report in_turn{compare::compare_folders({first, second, third}, {fourth}, {}, true),
                       Sorting::as_listed, false};
  EXPECT_THAT(print_text(in_turn), HasSubstr("  evidence   2 runs a side, in turn\n"));
}

TEST_F(FormatsTest, FiguresOfTimeAreMarkedWhereTimeIsAnEmulators) {
  EXPECT_THAT(print_text(report()), Not(HasSubstr("~")));
  next_.manifest["flush"]["hypervisor"] = "QEMU (TCG)";
  const std::string text = print_text(report());
  EXPECT_THAT(text, HasSubstr("throughput     operations/s~"));
  EXPECT_THAT(text, HasSubstr("IPIs/page "));
  EXPECT_THAT(text, HasSubstr("  note: ~ depends on time, which is the emulator's (QEMU's TCG)"));
  EXPECT_THAT(print_markdown(report()), HasSubstr("| throughput | operations/s~ |"));
  base_.manifest["flush"]["hypervisor"] = "QEMU (TCG)";
  const std::string points = print_text(sweep());
  const std::size_t legend = points.find("  ~ depends on time");
  ASSERT_NE(legend, std::string::npos) << "said of a sweep, too";
  EXPECT_EQ(points.find("~ depends on time", legend + 10), std::string::npos)
      << "and once, not of each point";
}

TEST_F(FormatsTest, TextEndsWithTheCommandsWithoutTheirFolders) {
  const std::string text = print_text(report());
  const std::size_t at = text.find("made with\n");
  ASSERT_NE(at, std::string::npos);
  EXPECT_THAT(text.substr(at), HasSubstr("base  tlbstorm run pageout --region 4M\n"));
  EXPECT_THAT(text.substr(at), HasSubstr("new   tlbstorm run pageout --region 4M\n"));
}

TEST_F(FormatsTest, CellsThatASpreadsheetWouldRunAreTexts) {
  EXPECT_EQ(csv_text("=HYPERLINK(\"http://x\",1)"), "\"'=HYPERLINK(\"\"http://x\"\",1)\"");
  for (const char* const formula : {"=1+1", "+x", "-x", "@x", "\tx", "+1+1"})
    EXPECT_EQ(csv_text(formula), std::string("'") + formula);
  EXPECT_EQ(csv_text("\rx"), "\"'\rx\"");
  for (const char* const plain : {"-5", "-1.5e3", "a=b", "", "x"}) EXPECT_EQ(csv_text(plain), plain);
}

TEST_F(FormatsTest, TextIsColouredOnlyOnATerminal) {
  Report shown = report();
  EXPECT_THAT(print_text(shown), Not(HasSubstr("\x1b")));
  shown.coloured = true;
  EXPECT_THAT(print_text(shown), HasSubstr(os::ink("[32m") + "  ipis_per_page"));
}

TEST_F(FormatsTest, LongCommandLinesShowTheWordsThatDiffer) {
  const std::string common = "console=ttyS0 quiet panic=1 random.trust_cpu=1 swiotlb=noforce psi=1 audit=0";
  base_.manifest["machine"]["cmdline"] = common + " mitigations=auto";
  next_.manifest["machine"]["cmdline"] = common + " mitigations=off";
  EXPECT_THAT(print_text(report()), HasSubstr("cmdline         ... mitigations=auto  ... mitigations=off\n"));
}

TEST_F(FormatsTest, NoDifferenceIsSaid) {
  next_.manifest = base_.manifest;
  EXPECT_THAT(print_text(report()), HasSubstr("no recorded difference between the two sides"));
}

TEST_F(FormatsTest, NoValidTrialIsSaid) {
  base_ = run_of_ipis({1}).invalid(1);
  const std::string text = print_text(report());
  EXPECT_THAT(text, HasSubstr("no metric has values of valid trials on both sides"));
  EXPECT_THAT(text, HasSubstr("note: base: 1 of 1 trials are invalid"));
  for (const Format& format : formats()) EXPECT_FALSE(format.print(report()).empty()) << format.name;
}

TEST_F(FormatsTest, SortsByEffectOrByP) {
  const auto first = [&](Sorting sorting) {
    const Report sorted_by = report(sorting);
    return sorted(sorted_by.parts[0], sorting).at(0)->metric.name;
  };
  base_ = MadeRun()
              .with("small", "x", around(1))
              .with("unclear", "x", {1, 9, 2, 8, 3, 7})
              .with("large", "x", around(1));
  next_ = MadeRun()
              .with("small", "x", around(1.1))
              .with("unclear", "x", {9, 90, 7, 80, 2, 60})
              .with("large", "x", around(0.5));
  EXPECT_EQ(first(Sorting::as_listed), "small");
  EXPECT_EQ(first(Sorting::effect), "unclear");
  EXPECT_EQ(first(Sorting::p), "small");
}

TEST_F(FormatsTest, SweepHasARowForEachPoint) {
  const std::string text = print_text(sweep());
  EXPECT_THAT(text, HasSubstr("region = 4M  ipis_per_page"));
  EXPECT_THAT(text, HasSubstr("region = 8M  ipis_per_page"));
  for (const Format& format : formats())
    EXPECT_THAT(format.print(sweep()), HasSubstr("region = 8M")) << format.name;
}

TEST_F(FormatsTest, LkmlIsPlainAndNarrow) {
  base_.manifest["machine"]["cpu_model"] =
      "Genuine Intel\xc2\xae CPU of a very long name that goes on and on and on @ 3 GHz";
  next_.manifest["machine"]["cmdline"] =
      std::string(90, 'x') + " mitigations=auto,nosmt " + std::string(60, 'y');
  base_.with("a_metric_of_the_workloads_own_with_a_long_name", "x", {1e-9, 1, 1, 1, 1, 1e9});
  next_.with("a_metric_of_the_workloads_own_with_a_long_name", "x", {5e20, 1e22, 3e21, 2e19, 1e20, 1e21});
  for (const Report& one : {report(), sweep()})
    for (const std::string& line : lines(print_lkml(one))) {
      if (line.starts_with("  tlbstorm ")) continue;  // a command, which may not be broken
      EXPECT_LE(line.size(), 75U) << line;
      for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~') << line;
    }
}

TEST_F(FormatsTest, LkmlHasKernelsMachineAndCommand) {
  const std::string text = print_lkml(report());
  EXPECT_THAT(text, HasSubstr("base: 6.18.1 #1 SMP\nnew:  6.19.0 #1 SMP\non AMD EPYC"));
  EXPECT_THAT(text, HasSubstr("ipis_per_page              "));
  EXPECT_THAT(text, HasSubstr("-75.0%"));
  EXPECT_THAT(text, Not(HasSubstr("differs: kernel_release"))) << "it stands above";
  EXPECT_THAT(text, HasSubstr("Mann and Whitney's test; ~ is no clear answer.\n"));
  EXPECT_THAT(text, HasSubstr("\n  tlbstorm run pageout --region 4M\n"));
}

TEST_F(FormatsTest, RobotHasItsLayoutAndNames) {
  base_.with("interrupts.tlb", "IPIs/s", around(1e6));
  next_.with("interrupts.tlb", "IPIs/s", around(1e7)).with("interrupts.tlb_cpu1", "IPIs/s", around(5));
  base_.with("interrupts.tlb_cpu1", "IPIs/s", around(5));
  const std::string text = print_robot(report());
  EXPECT_THAT(
      text,
      HasSubstr(
          "         %stddev     %change         %stddev\n             \\          |                \\  \n"));
  EXPECT_THAT(text, HasSubstr("interrupts.TLB:TLB_shootdowns\n"));
  EXPECT_THAT(text, HasSubstr("interrupts.CPU1.TLB:TLB_shootdowns\n"));
  EXPECT_THAT(text, HasSubstr("tlbstorm.pageout.ipis_per_page\n"));
  EXPECT_THAT(text,
              HasSubstr("       1.00          -75.0%        0.25        tlbstorm.pageout.ipis_per_page\n"));
  EXPECT_THAT(text, HasSubstr("   10.0x    10001803  "));
  EXPECT_TRUE(text.ends_with("to reproduce:\n\ttlbstorm run pageout --region 4M\n")) << text;
}

TEST_F(FormatsTest, MarkdownKeepsItsColumns) {
  next_.manifest["plan"]["settings"] = {{"kernel.core_pattern", "|/bin/core"}};
  const std::string text = print_markdown(report());
  EXPECT_THAT(text, HasSubstr("| kernel.core_pattern | not recorded | \\|/bin/core |\n"));
  EXPECT_THAT(text, HasSubstr("| **better** |\n"));
  EXPECT_THAT(text, HasSubstr("```sh\ntlbstorm run pageout --region 4M  # base\n"));
}

TEST_F(FormatsTest, CsvHasAsManyFieldsInEachRow) {
  const std::string odd = R"("odd, ""name""")";
  base_.with(odd, "x", around(1));
  next_.with(odd, "x", around(1));
  std::size_t rows = 0;
  for (const std::string& line : lines(print_csv(report()))) {
    std::size_t fields = 1;
    bool quoted = false;
    for (const char c : line) {
      quoted ^= c == '"';
      fields += c == ',' && !quoted ? 1 : 0;
    }
    EXPECT_EQ(fields, 16U) << line;
    EXPECT_TRUE(line.ends_with('\r'));
    ++rows;
  }
  EXPECT_EQ(rows, 5U) << "a heading, and four metrics: zero is a value";
}

TEST_F(FormatsTest, JsonHasAllThatIsKnown) {
  const auto json = nlohmann::json::parse(print_json(report()));
  const auto& part = json["parts"].at(0);
  EXPECT_EQ(part["differences"][0]["what"], "kernel_release");
  EXPECT_EQ(part["base"]["trials"], 6);
  ASSERT_EQ(part["metrics"].size(), 3U) << "zero is a value";
  const auto& ipis = part["metrics"][0];
  EXPECT_EQ(ipis["metric"], "ipis_per_page");
  EXPECT_EQ(ipis["verdict"], "better");
  EXPECT_EQ(ipis["base_values"].size(), 6U);
  EXPECT_EQ(ipis["interval"].size(), 2U);
  EXPECT_NEAR(ipis["change"].get<double>(), -0.75, 0.01);
  EXPECT_EQ(part["distributions"][0]["percentiles"].size(), 4U);
  EXPECT_THAT(json.dump(), HasSubstr("tlbstorm run pageout --region 4M"));
}

TEST_F(FormatsTest, HtmlEscapesWhatComesFromRuns) {
  base_.manifest["plan"]["parameters"]["file"] = "a<b>&\"c\"";
  base_.manifest["tool"]["command"] = {"tlbstorm", "run", "pageout", "--label", "<script>"};
  base_.with("<metric>", "<unit>", around(1));
  next_.with("<metric>", "<unit>", around(1));
  const std::string text = print_html(report());
  EXPECT_THAT(text, HasSubstr("a&lt;b&gt;&amp;&quot;c&quot;"));
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(text, HasSubstr("<td>&lt;metric&gt;</td><td>&lt;unit&gt;</td>"));
  EXPECT_THAT(text, Not(HasSubstr("<script>")));
  EXPECT_TRUE(text.ends_with("</html>\n"));
}

TEST_F(FormatsTest, EachFormatButCsvEndsWithTheCommands) {
  for (const Format& format : formats()) {
    if (format.name == "csv") continue;
    EXPECT_THAT(format.print(report()), HasSubstr("run pageout --region 4M")) << format.name;
  }
}

TEST(FormatChange, ReadsAsPeopleSayIt) {
  EXPECT_EQ(compare::format_change(0.051), "+5.1%");
  EXPECT_EQ(compare::format_change(-0.5), "-50.0%");
  EXPECT_EQ(compare::format_change(-0.0001), "0.0%");
  EXPECT_EQ(compare::format_change(11.3), "x12.3");
  EXPECT_EQ(compare::format_change(std::nan("")), "-");
  EXPECT_EQ(compare::format_interval({std::nan(""), 1}), "-");
  EXPECT_EQ(compare::format_p(0.00001), "<0.0001");
}

}  // namespace
}  // namespace tlbstorm::report
