// SPDX-License-Identifier: Apache-2.0
// The summary of a run folder, of which only the text is there.
#include "harness/report/summary.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/record/json_file.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Summary : public ::testing::Test {
 protected:
  Summary() {
    write("trials.csv",
          "trial,metric,unit,value\r\n1,touch_bandwidth,bytes/s,3\r\n1,tlb_ipis,handlers,10\r\n"
          "2,touch_bandwidth,bytes/s,5\r\n2,tlb_ipis,handlers,30\r\n");
    write("latency.csv",
          "trial,access,met,from_ns,to_ns,count\r\n1,read,hit,100,101,99\r\n1,read,hit,200,201,1\r\n"
          "1,read,major,1000,1016,10\r\n2,read,hit,5000,5064,1000\r\n");
  }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(folder_.path() / file, std::ios::binary) << text;
  }
  std::string summary(bool first_valid, bool second_valid, const std::string& more_of_the_plan = "",
                      const std::string& hypervisor = "") const {
    write("run.json",
          fmt::format(R"({{"schema": 2, "state": "finished", "tool": {{"version": "0"}},
            "machine": {{"kernel_release": "6.18"}}, "flush": {{"text": "by IPI", "hypervisor": "{}"}}, "topology": "2 CPUs",
            "memory_bytes": 1073741824, "absent_probes": [
               {{"probe": "zram", "reason": "no zram device is a swap area", "remedy": "", "idle": true}},
               {{"probe": "psi", "reason": "no /proc/pressure", "remedy": ""}}],
            "plan": {{"workload": "storm", "trials": 2, "pacing": "timed", "duration_seconds": 3, "warmup_seconds": 1,
               "parameters": {{"size": "1048576", "chunks": "32"}}, "sizes": ["size"], "memory_limit_bytes": null,
               "swap": [{}], "workers": 2, "mode": "threads", "placement": "compact", "cpus": [0, 1], "notes": []{}}},
            "trials": [{{"trial": 1, "outcome": "ok", "valid": {}}}, {{"trial": 2, "outcome": "ok", "valid": {}{}}}]}})",
                      hypervisor, swap_, more_of_the_plan, first_valid, second_valid, more_of_the_trial_));
    return summarise(record::read_run(folder_.path()));
  }
  test::TemporaryFolder folder_;
  std::string swap_, more_of_the_trial_;
};

TEST_F(Summary, PoolsTheTimesOfValidTrialsByWhatAccessesMet) {
  const std::string text = summary(true, false);
  EXPECT_THAT(text, HasSubstr("  read   hit            100     100 ns     100 ns    100 ns?    200 ns?"));
  EXPECT_THAT(text, HasSubstr("  read   major           10  1.007 us?"));
  EXPECT_THAT(text, Not(HasSubstr("5.0"))) << "the second trial is not valid";
}

TEST_F(Summary, SaysWhichPercentilesHangOnAFewAccesses) {
  EXPECT_THAT(summary(true, false), HasSubstr("\n  ? fewer than 10 accesses took longer"));
  write("latency.csv", "trial,access,met,from_ns,to_ns,count\r\n1,read,hit,100,101,100000\r\n");
  EXPECT_THAT(summary(true, false), Not(HasSubstr("rests on few")));
}

TEST_F(Summary, SaysWhichMetricsHangOnAFewAccessesOfATrial) {
  write("trials.csv",
        "trial,metric,unit,value\r\n1,hit_latency_p50,ns,100\r\n1,hit_latency_p99,ns,100\r\n"
        "1,fault_latency_p99_9,ns,1010\r\n1,major_fault_latency_p50,ns,1007\r\n");
  write("latency.csv",
        "trial,access,met,from_ns,to_ns,count\r\n1,read,hit,100,101,999\r\n1,write,hit,100,101,1\r\n"
        "1,read,minor,900,901,9989\r\n1,read,major,1000,1016,10\r\n2,read,hit,100,101,5\r\n");
  const std::string text = summary(true, false);
  EXPECT_THAT(text, HasSubstr("hit_latency_p50             ns                   100  "));
  EXPECT_THAT(text, HasSubstr("hit_latency_p99             ns                   100  ")) << "1000 accesses";
  EXPECT_THAT(text, HasSubstr("fault_latency_p99_9         ns                 1010?  ")) << "9999 accesses";
  EXPECT_THAT(text, HasSubstr("major_fault_latency_p50     ns                 1007?  ")) << "10 accesses";
}

TEST_F(Summary, NoPercentileIsAboveTheLongestTime) {
  write("latency.csv",
        "trial,access,met,from_ns,to_ns,count\r\n1,read,hit,1000,1016,50\r\n1,read,hit,64000,64090,1\r\n");
  const std::string text = summary(true, false);
  EXPECT_THAT(text, HasSubstr("  64.08 us?  64.09 us?   64.09 us\n"))
      << "p99.9 and p99.99 beside the maximum";
}

TEST_F(Summary, ManySwapAreasAreCounted) {
  EXPECT_THAT(summary(true, true), HasSubstr("swap none\n"));
  swap_ = R"("device:/dev/x1", "device:/dev/x2", "device:/dev/x3", "device:/dev/x4", "device:/dev/x5")";
  EXPECT_THAT(summary(true, true),
              HasSubstr("swap device:/dev/x1 to device:/dev/x5, 5 areas (for this run)\n"));
}

TEST_F(Summary, MarksFiguresOfTimeInAnEmulatedGuest) {
  EXPECT_THAT(summary(true, true), Not(HasSubstr("~")));
  const std::string text = summary(true, true, "", "QEMU (TCG)");
  EXPECT_THAT(text, HasSubstr("touch_bandwidth             bytes/s~"));
  EXPECT_THAT(text, HasSubstr("tlb_ipis                    IPIs      "));
  EXPECT_THAT(text, HasSubstr("~ depends on time, which is the emulator's"));
}

TEST_F(Summary, ShowsAllTrialsWhenNoneIsValidAndSaysSo) {
  const std::string text = summary(false, false);
  EXPECT_THAT(text, HasSubstr("NO TRIAL IS VALID"));
  EXPECT_THAT(text, HasSubstr("  read   hit           1100"));
}

TEST_F(Summary, NamesBystandersBallastAndTheExpectedEndOnlyWhenThereAreAny) {
  EXPECT_THAT(summary(true, true), Not(HasSubstr("bystanders")));
  const std::string text = summary(true, true,
                                   R"(, "bystanders": 1, "bystander_cpus": [3], "gap_threshold_ns": 1000,
                                       "ballast_bytes": 67108864, "expect": "oom")");
  EXPECT_THAT(text, HasSubstr("bystanders 1 on CPUs 3, gaps above 1 us"));
  EXPECT_THAT(text, HasSubstr("ballast    64 MiB locked"));
  EXPECT_THAT(text, HasSubstr("every trial ends as oom"));
}

TEST_F(Summary, BeginsWithPagesThatCameBackWrong) {
  EXPECT_THAT(summary(true, true), Not(HasSubstr("CORRUPTION")));
  more_of_the_trial_ =
      R"(, "wrong_pages": {"count": 40, "first": ["page 7: zero", "page 9: older version 3"]})";
  const std::string text = summary(true, false);
  EXPECT_THAT(
      text, HasSubstr("DATA CORRUPTION in trial 2: 40 pages came back with other content than was written.\n"
                      "  Suspect the kernel, the swap device or the memory. What was found, the first 2:\n"
                      "    page 7: zero\n    page 9: older version 3\n"));
  EXPECT_LT(text.find("DATA CORRUPTION"), text.find("tlb_ipis"));
}

TEST_F(Summary, SizesAreShownAsSizes) {
  EXPECT_THAT(summary(true, true), HasSubstr("chunks=32, size=1 MiB"));
}

TEST_F(Summary, ProbeWithNothingToSampleIsNotCalledAbsent) {
  const std::string text = summary(true, true);
  EXPECT_THAT(text, HasSubstr("probe psi: no /proc/pressure"));
  EXPECT_THAT(text, Not(HasSubstr("zram")));
}

TEST_F(Summary, RoundsShowTheWorkloadsOwnFiguresFirst) {
  write("rounds.csv",
        "trial,round,metric,unit,value\r\n1,0,touch_bandwidth,bytes/s,3\r\n1,0,tlb_ipis,handlers,10\r\n");
  EXPECT_THAT(summary(true, true), HasSubstr("trial round    touch_bandwidth           tlb_ipis\n"));
}

TEST_F(Summary, TellsOfEachTrialHowItEnded) {
  EXPECT_THAT(summary(true, true), Not(HasSubstr("ended as expected")));
  auto run = record::read_json(folder_.path() / "run.json");
  const std::vector<std::string> accounts{"killed after 1.20 s: 96 MiB locked, 1 GiB of 1 GiB swap free",
                                          "killed after 3.40 s: 97 MiB locked, 1 GiB of 1 GiB swap free"};
  const auto summary_of_ends = [&](const char* verdict) {
    for (std::size_t i : {0, 1}) {
      auto& trial = run["trials"][i];
      trial["outcome"] = "oom";
      trial["reason"] = accounts[i];
      trial["checks"] = {{{"check", "outcome"}, {"verdict", verdict}, {"detail", "oom: " + accounts[i]}}};
    }
    write("run.json", run.dump());
    return summarise(record::read_run(folder_.path()));
  };
  EXPECT_THAT(summary_of_ends("ok"),
              HasSubstr(fmt::format("  ended as expected\n    oom: {} (trial 1)\n    oom: {} (trial 2)\n",
                                    accounts[0], accounts[1])));
  const std::string unexpected = summary_of_ends("invalid");
  EXPECT_THAT(unexpected, Not(HasSubstr("ended as expected")));
  EXPECT_THAT(unexpected,
              HasSubstr(fmt::format("    outcome: oom: {} (trial 1)\n    outcome: oom: {} (trial 2)\n",
                                    accounts[0], accounts[1])));
}

TEST_F(Summary, FiguresFitTheScreen) {
  std::istringstream lines(summary(true, true));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110u) << line;
}

}  // namespace
}  // namespace tlbstorm::report
