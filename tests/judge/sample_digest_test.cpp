// SPDX-License-Identifier: Apache-2.0
// What a digest makes of samples.csv, beside what Totals makes of the same rows; and damaged files.
#include "harness/judge/sample_digest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "harness/judge/totals.hpp"
#include "harness/record/csv_writer.hpp"
#include "tests/record/record_test.hpp"

namespace tlbstorm::judge {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using trial::Phase;

class SampleDigestTest : public record::RecordTest {
 protected:
  SampleDigestTest() { put_manifest(); }
  void put_manifest(const std::string& kind = "gauge") const {
    put("run.json", fmt::format(R"({{"schema": 2, "plan": {{}}, "trials": [{{"trial": 1}}, {{"trial": 2}}],
                         "columns": [{{"name": "p.count", "unit": "pages", "kind": "counter"}},
                                     {{"name": "p.level", "unit": "bytes", "kind": "{}"}}]}})",
                                kind));
  }
  SampleDigest digest(const std::string& rows,
                      const std::string& header = "trial,phase,round,seconds,p.count,p.level") const {
    put("samples.csv", header + "\r\n" + rows);
    return digest_samples(record::read_run(folder_));
  }
  std::string complaint_about(const std::string& rows) const {
    return complaint([&] { digest(rows); });
  }
};

const DigestSeries* find(const SampleDigest& digest, const std::string& column) {
  for (const DigestSeries& series : digest.series)
    if (series.column == column) return &series;
  return nullptr;
}

TEST_F(SampleDigestTest, CounterIsGrowthPerSecondAndGaugeIsMeanOfTheMeasuredWindows) {
  const SampleDigest all = digest(
      "1,setup,0,0,0,1000\r\n1,measure,0,1,10,2000\r\n1,measure,0,1.5,,10\r\n1,setup,1,2,30,20\r\n"
      "1,measure,1,10,100,3000\r\n1,setup,2,11,104,30\r\n1,done,2,12,500,40\r\n");
  ASSERT_NE(find(all, "p.count"), nullptr);
  EXPECT_THAT(find(all, "p.count")->by_trial, ElementsAre(Pair(1, 12))) << "(20 + 4) in 2 s";
  EXPECT_EQ(find(all, "p.count")->unit, "pages/s");
  EXPECT_TRUE(find(all, "p.count")->counter);
  EXPECT_THAT(find(all, "p.level")->by_trial, ElementsAre(Pair(1, 20)));
  EXPECT_EQ(find(all, "p.level")->unit, "bytes");
  EXPECT_TRUE(all.remarks.empty());
}

TEST_F(SampleDigestTest, WhatIsAbsentAtAnEdgeIsNotKnownOfThatTrial) {
  const SampleDigest all = digest(
      "1,measure,0,0,,1\r\n1,measure,0,1,5,\r\n1,done,0,2,9,\r\n"
      "2,measure,0,0,1,1\r\n2,done,0,2,9,7\r\n");
  EXPECT_THAT(find(all, "p.count")->by_trial, ElementsAre(Pair(2, 4)));
  EXPECT_THAT(find(all, "p.level")->by_trial, ElementsAre(Pair(2, 7)));
}

TEST_F(SampleDigestTest, CounterThatFellInAWindowIsNoFigureOfThatTrialAndSaid) {
  const SampleDigest all = digest(
      "1,measure,0,0,4294967295,9\r\n1,setup,1,1,5,3\r\n1,measure,1,2,5,3\r\n1,done,1,3,4294967299,3\r\n"
      "2,measure,0,0,1,1\r\n2,done,0,2,9,7\r\n");
  EXPECT_THAT(find(all, "p.count")->by_trial, ElementsAre(Pair(2, 4)));
  EXPECT_THAT(find(all, "p.level")->by_trial, ElementsAre(Pair(1, 3), Pair(2, 7))) << "a gauge may fall";
  EXPECT_THAT(all.remarks, ElementsAre((folder_ / "samples.csv").native() +
                                       ": trial 1: 1 of its counters fell while it was measured, p.count "
                                       "first; how much they grew is not known"));
}

TEST_F(SampleDigestTest, ColumnWithoutAnyValueIsNotThere) {
  const SampleDigest all = digest("1,measure,0,0,1,\r\n1,done,0,2,9,\r\n");
  EXPECT_EQ(find(all, "p.level"), nullptr);
}

TEST_F(SampleDigestTest, KilledRunHasThePhasesThatEnded) {
  const SampleDigest all =
      digest("1,measure,0,0,0,\r\n1,verify,0,1,7,3\r\n1,done,0,2,8,3\r\n2,measure,0,0,1,1\r\n2,measure,0,1,");
  EXPECT_THAT(find(all, "p.count")->by_trial, ElementsAre(Pair(1, 7)));
  const std::string file = (folder_ / "samples.csv").native();
  EXPECT_THAT(all.remarks, ElementsAre(file + ": trial 2 has no measured phase that begins and ends",
                                       file + ": the last row was cut off and is left out"));
}

TEST_F(SampleDigestTest, ColumnsThatFileAndManifestDoNotShareAreRemarked) {
  const SampleDigest all =
      digest("1,measure,0,0,1,5\r\n1,done,0,2,9,5\r\n", "trial,phase,round,seconds,p.count,p.unknown");
  const std::string file = (folder_ / "samples.csv").native();
  EXPECT_THAT(all.remarks, ElementsAre(file + ": 1 of its columns are not in run.json",
                                       file + ": it lacks 1 of the columns in run.json"));
  ASSERT_EQ(all.series.size(), 1u);
}

TEST_F(SampleDigestTest, RunWithoutSamplesHasAnEmptyDigest) {
  const SampleDigest all = digest_samples(record::read_run(folder_));
  EXPECT_TRUE(all.series.empty());
  ASSERT_EQ(all.remarks.size(), 1u);
}

TEST_F(SampleDigestTest, DamageIsToldWithFileAndLine) {
  EXPECT_EQ(complaint_about("1,measure,0,0,nan,\r\n"), "samples.csv:2: 'nan' is not a number");
  EXPECT_EQ(complaint_about("1,measure,0,0,1,\r\n1,measure,0,1,,inf\r\n"),
            "samples.csv:3: 'inf' is not a number");
  EXPECT_EQ(complaint_about("1,measure,0,,1,\r\n"), "samples.csv:2: no time, where a phase begins");
  EXPECT_EQ(complaint_about("1,measure,0,5,1,\r\n1,done,0,4,1,\r\n"), "samples.csv:3: time goes back");
  EXPECT_EQ(complaint_about("1,mesure,0,0,1,\r\n"), "samples.csv:2: 'mesure' is not a phase");
  EXPECT_EQ(complaint_about("1,,,0,1,\r\n"), "samples.csv:2: '' is not a phase");
  EXPECT_EQ(complaint_about("1,measure,x,0,1,\r\n"), "samples.csv:2: 'x' is not the number of a round");
  EXPECT_EQ(complaint_about("1e9,measure,0,0,1,\r\n"), "samples.csv:2: '1e9' is not the number of a trial");
  EXPECT_EQ(complaint_about("3,measure,0,0,1,\r\n"),
            "samples.csv:2: trial 3 has begun before, or run.json has none");
  EXPECT_EQ(complaint_about("1,setup,0,0,1,\r\n2,setup,0,0,1,\r\n1,setup,0,0,1,\r\n"),
            "samples.csv:4: trial 1 has begun before, or run.json has none");
  EXPECT_EQ(complaint_about("1,setup,0,0,1,\r\n1,setup,0,0,1\r\n"),
            "samples.csv:3: 5 fields where the header has 6")
      << "also between edges";
  EXPECT_EQ(complaint([&] { digest("", "trial,phase,round,p.count"); }), "samples.csv:1: no column seconds");
  put_manifest("histogram");
  EXPECT_EQ(complaint_about(""),
            "run.json: damaged, column p.level is 'histogram', neither counter nor gauge");
}

TEST_F(SampleDigestTest, FiguresAreThoseOfTotals) {
  std::mt19937 random(7);
  const auto one_in = [&](unsigned n) { return random() % n == 0; };
  record::CsvWriter writer(os::Folder::open(folder_), "samples.csv",
                           "trial,phase,round,seconds,p.count,p.level");
  const std::vector<probe::Column> columns{{"p.count", ""}, {"p.level", "", probe::Kind::gauge}};
  Totals totals(columns);
  trial::Stage stage{Phase::setup, 0};
  double count = 0;
  for (int sample = 0; sample < 2000; ++sample) {
    const bool edge = sample == 0 || one_in(20);
    if (edge && sample > 0)
      stage = stage.phase == Phase::setup ? trial::Stage{Phase::measure, stage.round}
                                          : trial::Stage{Phase::setup, stage.round + 1};
    count += static_cast<double>(random() % 1000);
    const std::vector<double> values{edge || one_in(3) ? count : std::nan(""),
                                     one_in(4) ? static_cast<double>(random() % 100) / 8 : std::nan("")};
    totals.add(stage, 0.125 * sample, values);
    writer.field(1).field(trial::name(stage.phase)).field(static_cast<std::uint64_t>(stage.round));
    writer.field(0.125 * sample).field(values[0]).field(values[1]).end_row();
  }
  writer.flush();
  const SampleDigest all = digest_samples(record::read_run(folder_));
  const judge::Window& measured = totals.phase(Phase::measure);
  EXPECT_DOUBLE_EQ(find(all, "p.count")->by_trial.at(1),
                   *totals.growth(measured, "p.count") / measured.seconds);
  EXPECT_DOUBLE_EQ(find(all, "p.level")->by_trial.at(1), *totals.mean(measured, "p.level"));
}

}  // namespace
}  // namespace tlbstorm::judge
