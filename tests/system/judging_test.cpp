// SPDX-License-Identifier: Apache-2.0
// compare, gate, ab, calibrate and baseline as their users run them.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/judge/made_run.hpp"
#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A short run; its trials may be invalid on a busy machine, and that is no matter here.
const std::vector<std::string> kShort{"pageout", "--region", "32M", "--rounds", "2", "--workers", "2"};

class Judging : public PhysicsTest {
 protected:
  void SetUp() override {
    if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  }
  std::string short_run(int trials) {
    Words words = kShort;
    words.insert(words.end(), {"--trials", std::to_string(trials), "--quiet"});
    return run(words);
  }
  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static Words command(const std::string& name, const Words& more) {
    return with(with({name}, kShort), more);
  }
  std::string made(const std::string& name, const MadeRun& run) const {
    return run.write_to(place_.path() / name);
  }
  /// The same run, all of its trials valid, with a metric at so many times what the first trial had, give or
  /// take 1% by turns: real values drift now and then, and a gate says so.
  std::string changed(const std::string& folder, const std::string& metric, double by) {
    const fs::path copy = place_.new_folder();
    fs::copy(folder, copy);
    std::istringstream in(text_of(folder + "/trials.csv"));
    std::string out;
    std::optional<double> first;
    double wobble = 1;
    for (std::string line; std::getline(in, line);) {
      if (line.ends_with('\r')) line.pop_back();
      const std::size_t at = line.rfind(',');
      if (line.find("," + metric + ",") != std::string::npos) {
        if (!first) first = std::stod(line.substr(at + 1));
        line = fmt::format("{}{}", line.substr(0, at + 1), by * *first * wobble);
        wobble = 2.01 - wobble;
      }
      out += line + "\r\n";
    }
    write(copy / "trials.csv", out);
    call_valid(copy);
    return copy;
  }
  static void call_valid(const fs::path& folder) { call_all_valid(folder); }
  int gate(const Words& words) {
    done_ = place_.run(with({"gate"}, words));
    return done_.code;
  }
};

TEST_F(Judging, TwoRunsAreComparedInEachFormat) {
  const std::string base = short_run(4), next = short_run(4);
  if (base.empty() || next.empty()) return;
  for (const std::string& run : {base, next})
    call_valid(run);  // on a busy machine none may be, and this is of formats
  for (const char* const format : {"text", "lkml", "robot", "markdown", "csv", "json", "html"}) {
    const Finished done = place_.run({"compare", base, next, "--format", format});
    EXPECT_EQ(done.code, 0) << format << done.err;
    if (std::string(format) != "csv") {
      EXPECT_THAT(done.out, HasSubstr("tlbstorm run pageout --region 32M")) << format;
    }
  }
  EXPECT_THAT(place_.run({"compare", base, next}).out, HasSubstr("ipis_per_page"));
  EXPECT_THAT(place_.run({"compare", base, next, "--format", "robot"}).out,
              HasSubstr("interrupts.TLB:TLB_shootdowns"));
}

TEST_F(Judging, CompareRefusesWhatItCantCompare) {
  const std::string base = made("a", run_of_ipis(around(1)));
  MadeRun other = run_of_ipis(around(1));
  other.manifest["plan"]["parameters"]["region"] = "8M";
  const std::string next = made("b", other);
  const Finished refused = place_.run({"compare", base, next});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("parameters.region (4M / 8M)"));
  EXPECT_EQ(place_.run({"compare", base, next, "--force"}).code, 0);
  EXPECT_EQ(place_.run({"compare", base, next, "--format", "xml"}).code, 2);
  EXPECT_EQ(place_.run({"compare", base, next, "--sort", "name"}).code, 2);
  EXPECT_EQ(place_.run({"compare", base}).code, 2);
  EXPECT_EQ(place_.run({"compare", base, "none"}).code, 2);
}

TEST_F(Judging, GateHasAnExitCodeForEachEnd) {
  const std::string base = made("base", run_of_ipis(around(1))), same = made("same", run_of_ipis(around(1))),
                    worse = made("worse", run_of_ipis(around(1.8))), few = made("few", run_of_ipis({9, 9})),
                    none = made("none", MadeRun());
  const Words rule{"--rule", "ipis_per_page <= +5%"};
  EXPECT_EQ(gate(with({base, same}, rule)), 0) << done_.out;
  EXPECT_EQ(gate(with({base, worse}, rule)), 1) << done_.out;
  EXPECT_EQ(gate(with({base, few}, rule)), 3) << done_.out;
  EXPECT_EQ(gate(with({base, few, "--unsure", "pass"}, rule)), 0);
  EXPECT_EQ(gate(with({base, few, "--unsure", "fail"}, rule)), 1);
  EXPECT_EQ(gate({base, same, "--rule", "ipis_per_page"}), 2);
  EXPECT_EQ(gate({base, same, "--rule", "ipi_per_page <= +5%"}), 2);
  EXPECT_THAT(done_.err, HasSubstr("did you mean ipis_per_page?"));
  EXPECT_EQ(gate({base, same, "--rules", "no-such-file"}), 2);
  EXPECT_EQ(gate({base, same, "--unsure", "perhaps"}), 2);
  EXPECT_EQ(gate(with({base, none}, rule)), 125) << "a run without trials";
  EXPECT_EQ(gate(with({base, "nowhere"}, rule)), 125);
  EXPECT_EQ(gate({worse, "--rule", "ipis_per_page <= 1.1"}), 1) << "a value needs no base";
}

TEST_F(Judging, GateWithoutRulesIsUnsureWhereNoTrialIsValid) {
  EXPECT_EQ(
      gate({made("base", run_of_ipis(around(1))), made("new", run_of_ipis({1, 1}).invalid(1).invalid(2))}), 3)
      << done_.out << done_.err;
}

TEST_F(Judging, GateDoesntBlameTheRunForADamagedFile) {
  const std::string base = made("base", run_of_ipis(around(1))), next = made("new", run_of_ipis(around(1)));
  write(fs::path(next) / "trials.csv", "trial,metric,unit,value\r\n1,ipis_per_page,IPIs/page,many\r\n");
  EXPECT_EQ(gate({base, next}), 125) << done_.out << done_.err;
}

TEST_F(Judging, GateDoesntPassWhenARunOfASuiteIsMissing) {
  const auto suite = [&](const std::string& name, bool both) {
    nlohmann::ordered_json batch{{"schema", 2}, {"kind", "suite"}, {"name", "quick"}, {"about", ""}};
    for (const char* const entry : {"one", "two"}) {
      batch["entries"].push_back({{"name", entry}, {"value", ""}, {"state", both ? "finished" : "failed"}});
      if (both || std::string(entry) == "one") made(name + "/" + entry, run_of_ipis(around(1)));
    }
    write(place_.path() / name / "batch.json", batch.dump());
    return (place_.path() / name).native();
  };
  EXPECT_EQ(gate({suite("a", true), suite("b", true)}), 0) << done_.out << done_.err;
  EXPECT_EQ(gate({suite("c", true), suite("d", false)}), 3) << done_.out << done_.err;
  EXPECT_THAT(done_.out, HasSubstr("only the base has the run two"));
}

TEST_F(Judging, GateWritesItsReports) {
  const std::string base = made("base", run_of_ipis(around(1))),
                    worse = made("worse", run_of_ipis(around(1.8)));
  EXPECT_EQ(gate({base, worse, "--rule", "ipis_per_page <= +5%", "--report", "junit=gate.xml", "--report",
                  "json=gate.json", "--format", "ktap"}),
            1);
  EXPECT_THAT(done_.out, HasSubstr("not ok 1 ipis_per_page <= +5%"));
  EXPECT_THAT(text_of(place_.path() / "gate.xml"), HasSubstr("failures=\"1\""));
  EXPECT_EQ(nlohmann::json::parse(text_of(place_.path() / "gate.json"))["ruling"], "FAIL");
  EXPECT_EQ(gate({base, worse, "--report", "junit"}), 2);
  EXPECT_EQ(gate({base, worse, "--report", "junit=/no/such/folder/gate.xml"}), 2);
}

TEST_F(Judging, GateShowsThatItCanFail) {
  Words runs, more_base{"--base"};
  for (int i = 0; i < 10; ++i) {
    MadeRun run = run_of_ipis({around(1, 10)[static_cast<std::size_t>(i)]});
    run.manifest["started"] = fmt::format("2026-11-21T10:0{}:00Z", i);
    const std::string folder = made(fmt::format("run{}", i), run);
    (i % 2 == 0 && i > 0 ? more_base : runs).push_back(folder);
  }
  const Words in_turn = with(runs, more_base);
  EXPECT_EQ(gate(with({"--self-test", "--rule", "ipis_per_page <= +5%"}, in_turn)), 0) << done_.out;
  EXPECT_THAT(done_.out, HasSubstr("fails from a change of +5."));
  EXPECT_EQ(gate(with({"--self-test", "--rule", "ipis_per_page <= +5%"}, {runs[0], runs[1]})), 3)
      << "one run of one trial a side";
  EXPECT_EQ(gate(with({"--self-test", "--rule", "ipis_per_page >= -100%"}, in_turn)), 3);
  EXPECT_THAT(done_.out, HasSubstr("CAN'T FAIL"));
}

TEST_F(Judging, GateLooksAgainBeforeItFails) {
  const std::string real = short_run(6);
  if (real.empty()) return;
  const std::string base = changed(real, "ipis_per_page", 1), worse = changed(real, "ipis_per_page", 4);
  const Words rule{"--rule", "ipis_per_page <= +100%"};
  ASSERT_EQ(gate(with({base, worse}, rule)), 1) << done_.out << done_.err;
  const int code = gate(with({base, worse, "--confirm"}, rule));
  EXPECT_TRUE(code == 0 || code == 3) << code << done_.out << done_.err;
  EXPECT_THAT(done_.out, HasSubstr("looked again, both sides interleaved: "));
  EXPECT_THAT(done_.out, HasSubstr("; again: "));
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Judging, GateOfAnotherKernelsRunsIsNotConfirmedHere) {
  MadeRun elsewhere = run_of_ipis(around(1.8));
  elsewhere.manifest["machine"]["kernel_release"] = "1.0.0-other";
  EXPECT_EQ(gate({made("base", run_of_ipis(around(1))), made("new", elsewhere), "--rule",
                  "ipis_per_page <= +5%", "--confirm"}),
            1);
  EXPECT_THAT(done_.out,
              HasSubstr("can't be made again here to confirm it: its kernel_release was 1.0.0-other"));
}

TEST_F(Judging, GateThatCantRunTheWorkloadStillFails) {
  const std::string real = short_run(6);
  if (real.empty()) return;
  const std::string base = changed(real, "ipis_per_page", 1), worse = changed(real, "ipis_per_page", 4);
  for (const std::string& folder : {base, worse}) {
    nlohmann::ordered_json run = nlohmann::ordered_json::parse(text_of(folder + "/run.json"));
    run["tool"]["command"] = {"tlbstorm", "run", "pageout", "--region", "1000T"};
    write(fs::path(folder) / "run.json", run.dump(1));
  }
  EXPECT_EQ(gate({base, worse, "--confirm", "--rule", "ipis_per_page <= +100%"}), 1)
      << done_.out << done_.err;
  EXPECT_THAT(done_.out, HasSubstr("it could not be confirmed: "));
}

class Interleaved : public Judging {
 protected:
  /// Runs ab or calibrate, again when other load left nothing to compare; false when it did each time, and
  /// then the test is skipped.
  bool runs(const Words& words) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      folder_ = place_.new_folder();
      done_ = place_.run(with(words, {"--output", folder_}));
      EXPECT_EQ(place_.leftovers(), "");
      if (done_.code != 1 || done_.err.find("no pair of valid trials") == std::string::npos) break;
      if (attempt == 2) {  // what is tested is not what makes trials valid
        skip(done_.err);
        return false;
      }
    }
    EXPECT_EQ(done_.code, 0) << done_.out << done_.err;
    return done_.code == 0;
  }
  std::string folder_;
};

TEST_F(Interleaved, AbOfOptionsIsAComparison) {
  if (!runs(command("ab", {"--base", "--pages clean-file", "--new", "--mode processes", "--budget", "3s"})))
    return;
  EXPECT_THAT(done_.out, testing::ContainsRegex("  evidence   [0-9]+ pairs of runs\n"));
  EXPECT_THAT(done_.out, HasSubstr("mode"));
  EXPECT_THAT(done_.out, testing::ContainsRegex(" at alpha 0\\.05, of which this look has 0\\.0[0-4]"));
  EXPECT_THAT(done_.out, HasSubstr("  runs: " + folder_));
  for (const char* const run : {"base-001", "new-001"})
    EXPECT_EQ(manifest(folder_ + "/" + run)["trials"].size(), 1U) << run;
  EXPECT_EQ(manifest(folder_ + "/new-001")["plan"]["mode"], "processes");
  EXPECT_EQ(place_.run({"compare", folder_}).code, 0) << "the folder can be compared again";
  EXPECT_NE(gate({folder_, "--rule", "ipis_per_page <= +900%"}), 1) << done_.out;
}

TEST_F(Interleaved, AbOfCommandsRunsThemBeforeEachTrial) {
  const bool compared = runs(command("ab", {"--base", "echo base >>order", "--new", "echo new >>order",
                                            "--budget", is_emulated() ? "20s" : "3s"}));
  EXPECT_TRUE(text_of(place_.path() / "order").starts_with("base\nnew\nnew\nbase\n"))
      << text_of(place_.path() / "order");
  if (compared) {
    EXPECT_THAT(done_.out, HasSubstr("--base 'echo base >>order'"));
  }
}

TEST_F(Interleaved, AbWhoseCommandFailsEndsThere) {
  const Finished done = place_.run(command("ab", {"--base", "true", "--new", "false", "--budget", "1m"}));
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("the command before the run new-001 failed: false"));
}

TEST_F(Interleaved, AbRefusesWhatItCantRunBeforeAnythingIsMade) {
  const Words bad[]{{"--base", "--region 1000T", "--new", "true"},
                    {"--new", "--regoin 4M"},
                    {"--new", "true", "--budget", "soon"},
                    {"--new", "true", "--metrics", "ipi_per_page"},
                    {"--new", "true", "--sweep", "region=1M,2M"}};
  for (const Words& words : bad) EXPECT_EQ(place_.run(command("ab", words)).code, 2) << words[1];
}

/// A gate of runs that are made in the same way finds what was kept.
TEST_F(Interleaved, CalibrateKeepsHowFarRunsLieApart) {
  if (!runs(command("calibrate", {"--runs", "6", "--trials", "2", "--explain", "none"}))) return;
  for (const auto& run : fs::directory_iterator(folder_))
    if (run.is_directory()) call_valid(run.path());
  EXPECT_THAT(done_.out, HasSubstr("  trials     "));
  EXPECT_THAT(done_.out, testing::ContainsRegex("ipis_per_page +IPIs/page"));
  EXPECT_THAT(done_.out, testing::ContainsRegex("  kept [1-6] runs in results/floors"));
  EXPECT_THAT(done_.out, HasSubstr("    occasions not known yet: it takes 6, an hour or a boot apart\n"));
}

TEST_F(Judging, RepeatedRunsAreRunsOfTheirOwn) {
  const std::string folder = place_.new_folder();
  const Finished done =
      place_.run(command("run", {"--trials", "1", "--repeat", "2", "--quiet", "--output", folder}));
  EXPECT_THAT(done.out, HasSubstr("tlbstorm: repeat pageout: "));
  for (const char* const run : {"pageout-001", "pageout-002"})
    EXPECT_EQ(manifest(folder + "/" + run)["plan"]["workload"], "pageout") << run;
  EXPECT_NE(manifest(folder + "/pageout-001")["started"], manifest(folder + "/pageout-002")["started"]);
  EXPECT_EQ(place_.run({"compare", folder, folder + "/pageout-001"}).code, 0);
  EXPECT_EQ(place_.run(command("run", {"--repeat", "0"})).code, 2);
}

TEST_F(Judging, SuiteOfTwoSidesIsMeasuredInTurnAndJudgedAsOneFolder) {
  write(place_.path() / "two.suite", "one pageout --region 4M --trials 1 --explain none\n");
  const std::string folder = place_.new_folder();
  const Finished done = place_.run({"suite", "two.suite", "--repeat", "2", "--base", "--pages clean-file",
                                    "--new", "echo new >>order", "--quiet", "--output", folder});
  EXPECT_EQ(text_of(place_.path() / "order"), "new\nnew\n");
  const auto batch = nlohmann::json::parse(text_of(folder + "/batch.json"));
  std::vector<std::string> names;
  for (const auto& entry : batch["entries"]) names.push_back(entry["name"]);
  EXPECT_THAT(names, testing::ElementsAre("one-base-001", "one-new-001", "one-new-002", "one-base-002"));
  for (const std::string& name : names) call_valid(folder + "/" + name);
  EXPECT_THAT(place_.run({"compare", folder}).out, HasSubstr("  evidence   2 runs a side, in turn\n"));
  EXPECT_NE(gate({folder, "--rule", "ipis_per_page <= +900%"}), 1) << done_.out;
  EXPECT_EQ(gate({folder, folder}), 2) << done_.out;
  EXPECT_THAT(done_.err, HasSubstr("holds both sides\n"));
  EXPECT_EQ(place_.run({"suite", "two.suite", "--base", "--workers 1"}).code, 2) << "and no other side";
}

TEST_F(Judging, BaselineIsKeptListedAndNeverOverwritten) {
  const std::string run = short_run(1);
  if (run.empty()) return;
  const Finished added = place_.run({"baseline", "add", run, "--name", "mine"});
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_TRUE(added.out.starts_with("results/reference/")) << added.out;
  EXPECT_TRUE(added.out.ends_with("/mine\n")) << added.out;
  EXPECT_EQ(place_.run({"baseline", "add", run, "--name", "mine"}).code, 2);
  EXPECT_EQ(place_.run({"baseline", "add", run, "--name", "../mine"}).code, 2);
  EXPECT_THAT(place_.run({"baseline", "list"}).out, HasSubstr("mine"));
  EXPECT_THAT(place_.run({"baseline", "show", "mine"}).out, HasSubstr("ipis_per_page"));
  const Finished unknown = place_.run({"baseline", "show", "mime"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean mine?"));
  const std::string kept = (place_.path() / added.out.substr(0, added.out.size() - 1)).native();
  EXPECT_EQ(place_.run({"compare", kept, run}).code, 0);
  EXPECT_EQ(place_.run({"baseline", "list", "--folder", "empty"}).code, 2);
}

}  // namespace
}  // namespace tlbstorm::test
