// SPDX-License-Identifier: Apache-2.0
// model as its users run it: on a real sweep, on runs of several machines, on a benchmark's file, and on what
// is damaged.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/judge/made_run.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

class Modelling : public ::testing::Test {
 protected:
  /// Interrupts as each other CPU takes one a page, on a machine of that many CPUs.
  std::string guest(int cpus) const {
    MadeRun run = run_of_ipis(around(cpus - 1, 5));
    run.manifest["plan"]["workers"] = cpus;
    run.manifest["topology"] = fmt::format("{} CPUs", cpus);
    const std::string name = fmt::format("unbatched-{}cpus", cpus);
    run.write_to(place_.path() / name);
    return name;
  }
  Finished model(const Words& words) const {
    Words all{"model"};
    all.insert(all.end(), words.begin(), words.end());
    return place_.run(all);
  }
  Workplace place_;
};

/// On a busy machine no trial may be valid, and that is no matter here.
void call_valid(const fs::path& folder) { call_all_valid(folder); }

TEST_F(Modelling, RealSweepHasAPriceOfAPage) {
  const std::string folder = place_.new_folder();
  const Finished swept =
      place_.run({"run", "unmap-churn", "--workers", "1", "--sweep", "pages-per-call=1,8,32,128", "--trials",
                  "3", "--duration", "60ms", "--warmup", "20ms", "--quiet", "--output", folder});
  ASSERT_EQ(swept.code, 0) << swept.err;
  for (const char* const value : {"1", "8", "32", "128"})
    call_valid(fs::path(folder) / fmt::format("pages-per-call={}", value));
  const Finished done = model({folder, "--of", "ns_per_call", "--at", "pages-per-call=512"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, StartsWith("tlbstorm model: unmap-churn\n"));
  EXPECT_THAT(done.out, HasSubstr("\nns_per_call = a + b * pages-per-call   (ns/call)\n"));
  EXPECT_THAT(done.out, HasSubstr("the price of one more page a call"));
  EXPECT_THAT(done.out, HasSubstr("\n  at pages-per-call=512\n"));
  EXPECT_THAT(done.out, HasSubstr("AN EXTRAPOLATION: 4 times the largest measured, pages-per-call=128; "));
  const Finished json = model({folder, "--of", "ns_per_call", "--format", "json"});
  const nlohmann::json read = nlohmann::json::parse(json.out);
  EXPECT_GT(read["families"][0]["models"][0]["terms"][0]["value"], 0) << "more pages take longer";
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Modelling, GuestsOfSeveralSizesAreOneModel) {
  const Finished done = model(
      {guest(2), guest(4), guest(8), "--of", "ipis_per_page", "--by", "workers", "--at", "workers=256"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("topology (2 CPUs | 4 CPUs | 8 CPUs)"));
  EXPECT_THAT(done.out, HasSubstr("\n  at workers=256\n  line       255, 95% interval "));
  EXPECT_THAT(done.out, HasSubstr("32 times the largest measured, workers=8; "));
  EXPECT_THAT(
      model({"--by", "workers", guest(16), "unbatched-2cpus", "unbatched-4cpus", "--format", "csv"}).out,
      HasSubstr("pageout,ipis_per_page,IPIs/page,slope,workers,"))
      << "folders may follow an option";
}

TEST_F(Modelling, BenchmarksHaveAModelAFamily) {
  std::string entries;
  for (const int sharers : {1, 2, 4})
    for (const int pages : {1, 8})
      for (const char* const family : {"pageout/dirty", "pageout/clean"})
        entries += fmt::format(
            R"({}{{"name": "{}/sharers:{}/pages:{}/real_time", "real_time": 1, "ns_per_op": {}}})",
            entries.empty() ? "" : ",", family, sharers, pages, 100 + 10 * sharers + 3 * pages);
  write(place_.path() / "bench.json", fmt::format(R"({{"benchmarks": [{}]}})", entries));
  const Finished done = model({"bench.json", "--of", "ns_per_op", "--by", "sharers,pages"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("tlbstorm model: pageout/dirty\n"));
  EXPECT_THAT(done.out, HasSubstr("tlbstorm model: pageout/clean\n"));
  EXPECT_THAT(done.out, HasSubstr("\nns_per_op = a + b * sharers + c * pages "));
}

TEST_F(Modelling, WhatCantBeFittedIsSaidWithTheExitCodeOfItsKind) {
  const std::string two = guest(2), four = guest(4), eight = guest(8);
  const Finished few = model({two, four});
  EXPECT_EQ(few.code, 1);
  EXPECT_THAT(few.err,
              StartsWith("tlbstorm: ipis_per_page by workers: 2 different places with valid trials; a "
                         "fit of 1 term needs 3\n  hint: make runs at 3 or more values of workers"));
  for (const Words& bad : {Words{"--of", "ipis_per_pge"}, Words{"--by", "wokers"}, Words{"--at", "wokers=3"},
                           Words{"--by", "region"}, Words{"--format", "xml"}}) {
    Words words{two, four, eight};
    words.insert(words.end(), bad.begin(), bad.end());
    const Finished done = model(words);
    EXPECT_EQ(done.code, 2) << bad[0];
    EXPECT_THAT(done.err, HasSubstr(fmt::format("tlbstorm: {} {}", bad[0], bad[1])));
    EXPECT_THAT(done.err, HasSubstr("\n  hint: "));
  }
  EXPECT_EQ(model({}).code, 2);
  EXPECT_EQ(model({two, four, two}).code, 2) << "a run given twice";
}

TEST_F(Modelling, DamagedFilesAreToldWithTheirLine) {
  const std::string two = guest(2), four = guest(4), eight = guest(8);
  write(place_.path() / four / "trials.csv", "trial,metric,unit,value\r\n1,ipis_per_page,IPIs/page,many\r\n");
  const Finished done = model({two, four, eight});
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.err, "tlbstorm: unbatched-4cpus/trials.csv:2: 'many' is not a number\n");
  write(place_.path() / "b.json", R"({"benchmarks": [{"name")");
  EXPECT_EQ(model({"b.json"}).err,
            "tlbstorm: b.json:1: damaged, not JSON from here on\n  hint: it was cut off\n");
  const Finished none = model({"nowhere"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, StartsWith("tlbstorm: RUN nowhere: there is nothing\n"));
}

}  // namespace
}  // namespace tlbstorm::test
