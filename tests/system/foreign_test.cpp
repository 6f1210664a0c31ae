// SPDX-License-Identifier: Apache-2.0
// Folders, files and words that somebody else chose, perhaps to harm: nothing of them makes the tool wait or
// a terminal obey, and what is a bad argument is told as one before anything is made.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "harness/os/printable.hpp"
#include "tests/judge/made_run.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

class Foreign : public ::testing::Test {
 protected:
  fs::path at(const std::string& name) const { return place_.path() / name; }
  std::string made(const std::string& name, const MadeRun& run) const { return run.write_to(at(name)); }
  std::string fifo(const std::string& name) const {
    fs::create_directories(at(name).parent_path());
    EXPECT_EQ(::mkfifo(at(name).c_str(), 0600), 0);
    return at(name);
  }
  Finished run(const Words& words) const { return place_.run(words); }
  Workplace place_;
};

/// A terminal may be sent all of it.
void expect_harmless(const Finished& done, const std::string& what) {
  for (const std::string& text : {done.out, done.err}) EXPECT_EQ(os::printable(text), text) << what;
}

TEST_F(Foreign, NoFifoAndNoDeviceIsWaitedFor) {
  const std::string good = made("good", run_of_ipis(around(1)));
  for (const std::string file : {"run.json", "trials.csv", "latency.csv", "batch.json"}) {
    const std::string folder = made("of-" + file, run_of_ipis(around(1)));
    fs::remove(fs::path(folder) / file);
    fifo("of-" + file + "/" + file);
    for (const Words& words :
         {Words{"report", folder}, Words{"compare", good, folder}, Words{"model", folder},
          Words{"baseline", "add", folder}, Words{"compare", folder, good}}) {
      const Finished done = run(words);
      EXPECT_EQ(done.code, 1) << words[0] << file;
      EXPECT_THAT(done.err, HasSubstr("/" + file + ": a FIFO, not a file")) << words[0];
    }
    EXPECT_EQ(run({"gate", good, folder}).code, 125) << file;
  }
  fifo("good/samples.csv");
  EXPECT_THAT(run({"compare", good, good, "--raw"}).err, HasSubstr("samples.csv: a FIFO, not a file"));
  const std::string text = fifo("text");
  for (const Words& words : {Words{"suite", text}, Words{"gate", good, good, "--rules", text},
                             Words{"run", "pageout", "--config", text, "--dry-run"}, Words{"report", text},
                             Words{"compare", text, good}, Words{"report", "/dev/zero"}}) {
    const Finished done = run(words);
    EXPECT_EQ(done.code, 2) << words[0] << done.err;
    EXPECT_TRUE(done.err.find(": a FIFO") != std::string::npos ||
                done.err.find(": a device") != std::string::npos)
        << done.err;
  }
}

/// A run whose every text was chosen to take over a terminal, or to pass for a line of ours.
MadeRun hostile() {
  const std::string evil = "x\x1b]0;owned\x07\x1b[31m\nnot ok 9 \u009b2J\x7f\n::error::=1+1";
  MadeRun run = run_of_ipis(around(1));
  for (const char* const key : {"started", "topology"}) run.manifest[key] = evil;
  run.manifest["tool"]["version"] = evil;
  run.manifest["tool"]["command"].push_back(evil);
  run.manifest["flush"]["text"] = evil;
  for (auto& [key, value] : run.manifest["machine"].items()) value = evil;
  for (const char* const key : {"placement", "label", "mempolicy"}) run.manifest["plan"][key] = evil;
  run.manifest["plan"]["parameters"]["pages"] = evil;
  run.manifest["plan"]["notes"] = {evil};
  run.manifest["trials"][0]["valid"] = false;
  run.manifest["trials"][0]["reason"] = evil;
  run.manifest["trials"][0]["notes"] = {evil};
  run.manifest["trials"][0]["checks"] = {{{"check", evil}, {"verdict", "invalid"}, {"detail", evil}}};
  run.manifest["trials"][0]["absent"] = {{{"metric", evil}, {"reason", evil}}};
  run.manifest["absent_probes"] = {{{"probe", evil}, {"reason", evil}, {"remedy", evil}}};
  return run;
}

TEST_F(Foreign, TextsOfARunAreShownAndNotObeyed) {
  const std::string run_folder = made("evil", hostile()), other = made("good", run_of_ipis(around(1)));
  const Finished report = run({"report", run_folder});
  EXPECT_EQ(report.code, 0) << report.err;
  expect_harmless(report, "report");
  EXPECT_THAT(report.out,
              HasSubstr(R"(x\x1b]0;owned\x07\x1b[31m\x0anot ok 9 \xc2\x9b2J\x7f\x0a::error::=1+1)"));
  for (const char* const format : {"text", "lkml", "robot", "markdown", "csv", "json", "html"}) {
    const Finished done = run({"compare", other, run_folder, "--force", "--format", format});
    EXPECT_EQ(done.code, 0) << format << done.err;
    expect_harmless(done, format);
    EXPECT_EQ(done.out.find("\nnot ok 9"), std::string::npos) << format;
  }
  for (const char* const format : {"text", "junit", "ktap", "github", "markdown", "json"}) {
    const Finished done = run({"gate", other, run_folder, "--force", "--format", format});
    expect_harmless(done, format);
    EXPECT_EQ(done.out.find("\nnot ok 9"), std::string::npos) << format;
    EXPECT_EQ(done.out.find("\n::error::"), std::string::npos) << format;
  }
  const Finished refused = run({"compare", other, run_folder});
  EXPECT_EQ(refused.code, 2);
  expect_harmless(refused, "compare");
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 2) << refused.err;
  expect_harmless(run({"model", run_folder, other}), "model");
  ASSERT_EQ(run({"baseline", "add", run_folder, "--name", "kept"}).code, 0);
  expect_harmless(run({"baseline", "list"}), "baseline list");
  expect_harmless(run({"baseline", "show", "kept"}), "baseline show");
}

TEST_F(Foreign, NamesOfFilesAndOptionsAreShownAndNotObeyed) {
  const std::string evil = "a\x1b[31m\x07\nb", folder = made(evil, run_of_ipis(around(1)));
  for (const Words& words :
       {Words{"report", folder}, Words{"compare", folder, folder}, Words{"model", evil},
        Words{"gate", folder, folder, "--rule", evil}, Words{"compare", "--" + evil}, Words{evil},
        Words{"run", evil}, Words{"run", "pageout", "--" + evil}, Words{"run", "pageout", "--trials", evil},
        Words{"suite", evil}, Words{"run", "pageout", "--label", evil, "--dry-run"},
        Words{"compare", folder, folder, "--format", evil}})
    expect_harmless(run(words), os::printable_line(words.back()));
  const Finished unknown = run({"run", "pageout", "--trials", evil});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr(R"(--trials a\x1b[31m\x07\x0ab: )"));
}

TEST_F(Foreign, WordsThatAreNotUtf8AreRefusedBeforeAnythingIsMade) {
  const std::string bad = "caf\xe9";
  for (const Words& words :
       {Words{"--output", bad}, Words{"--label", bad}, Words{"--swap", "file:" + bad + ":64M"},
        Words{"--sysctl", bad}, Words{"--sweep", "label=" + bad}}) {
    Words all{"run", "mprotect-storm", "--trials", "1", "--duration", "50ms"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = run(all);
    EXPECT_EQ(done.code, 2) << words[0];
    EXPECT_THAT(done.err, HasSubstr(R"(caf\xe9)"));
    EXPECT_FALSE(fs::exists(at("results"))) << words[0];
    EXPECT_FALSE(fs::exists(at(bad))) << words[0];
  }
  EXPECT_EQ(run({"report", bad}).code, 2);
  write(at("options"), "label = " + bad + "\n");
  EXPECT_EQ(run({"run", "mprotect-storm", "--config", "options", "--dry-run"}).code, 2);
  write(at("my.suite"), "one mprotect-storm --label " + bad + "\n");
  EXPECT_EQ(run({"suite", "my.suite", "--dry-run"}).code, 2);
}

TEST_F(Foreign, RunOfAnyUtf8NameIsRecorded) {
  const std::string name = "\u00fcber\nall \u65e5\u672c";
  const Finished done = run({"run", "mprotect-storm", "--trials", "1", "--warmup", "1ms", "--duration",
                             "50ms", "--output", name, "--quiet"});
  EXPECT_TRUE(done.code == 0 || done.code == 1) << done.err;
  EXPECT_EQ(manifest(at(name))["plan"]["output"], name);
  EXPECT_EQ(run({"report", name}).code, 0);
}

TEST_F(Foreign, FolderThatIsNotThereIsABadArgument) {
  const std::string good = made("good", run_of_ipis(around(1)));
  for (const Words& words :
       {Words{"report", "none"}, Words{"compare", "none", good}, Words{"compare", good, "none"},
        Words{"compare", good, good, "--base", "none"}, Words{"gate", "none", good}, Words{"model", "none"},
        Words{"baseline", "add", "none"}, Words{"baseline", "show", "none"},
        Words{"baseline", "list", "--folder", "none"}, Words{"suite", "none"}}) {
    const Finished done = run(words);
    EXPECT_EQ(done.code, 2) << words[0] << done.err;
    EXPECT_THAT(done.err, HasSubstr("none: ")) << words[0];
  }
  const Finished unmade = run({"gate", good, "none"});
  EXPECT_EQ(unmade.code, 125) << "what was to be judged was not made: git bisect goes on";
  EXPECT_THAT(unmade.err, HasSubstr("none: there is no run to judge"));
}

TEST_F(Foreign, TwoRunsOfASweepNeverShareAFolder) {
  for (const auto& [sweep, value] :
       {std::pair{"workers=1,1", "1 is in it twice"}, std::pair{"workers=1,01", "01: the same run as 1"}}) {
    const Finished done = run({"run", "pageout", "--sweep", sweep, "--output", "runs"});
    EXPECT_EQ(done.code, 2) << sweep << done.err;
    EXPECT_THAT(done.err, HasSubstr(value));
    EXPECT_FALSE(fs::exists(at("runs")));
  }
  EXPECT_EQ(run({"run", "pageout", "--sweep", "label=a\x1b,b", "--dry-run"}).code, 2);
}

TEST_F(Foreign, ReportThatCannotBeWrittenTakesNothingFromTheVerdict) {
  const std::string base = made("base", run_of_ipis(around(1))),
                    worse = made("worse", run_of_ipis(around(1.8)));
  const auto gate = [&](const std::string& next, const std::string& file) {
    return run({"gate", base, next, "--rule", "ipis_per_page <= +5%", "--report", "junit=" + file});
  };
  for (const std::string& file : {fifo("gate.xml"), std::string("/no/such/folder/gate.xml"), base}) {
    const Finished early = gate(worse, file);
    EXPECT_EQ(early.code, 2) << file;
    EXPECT_EQ(early.out, "") << "found out before anything is judged";
  }
  if (!is_root()) GTEST_SKIP() << "root may write in /proc, as far as access(2) tells";
  EXPECT_EQ(gate(worse, "/proc/gate.xml").code, 1);
  const Finished pass = gate(base, "/proc/gate.xml");
  EXPECT_EQ(pass.code, 1) << "the report was wanted";
  EXPECT_THAT(pass.out, HasSubstr("pass: 1 pass\n"));
  EXPECT_THAT(pass.err, HasSubstr("--report junit=/proc/gate.xml: "));
}

TEST_F(Foreign, CommandThatCannotBeToldIsNotRunAgain) {
  MadeRun worse = run_of_ipis(around(1.8));
  worse.manifest["tool"]["command"].push_back("--label=\x1b");
  const Finished done = run({"gate", made("base", run_of_ipis(around(1))), made("worse", worse), "--confirm",
                             "--rule", "ipis_per_page <= +5%"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out, HasSubstr(R"(its command has bytes that can't be told: --label=\x1b)"));
}

TEST_F(Foreign, ExampleOfAbHelpCanBeRun) {
  const std::string help = run({"ab", "--help"}).out;
  EXPECT_THAT(help, HasSubstr("Usage: tlbstorm ab WORKLOAD "));
  EXPECT_THAT(run({"calibrate", "--help"}).out, HasSubstr("Usage: tlbstorm calibrate WORKLOAD "));
  EXPECT_THAT(help, HasSubstr("tlbstorm ab swap-churn --swap zram:1G --base '--sysctl vm.page-cluster=3'"));
  if (!is_root()) GTEST_SKIP() << "zram needs root";
  const Finished side =
      run({"run", "swap-churn", "--swap", "zram:1G", "--sysctl", "vm.page-cluster=3", "--dry-run"});
  EXPECT_EQ(side.code, 0) << side.err;
}

}  // namespace
}  // namespace tlbstorm::test
