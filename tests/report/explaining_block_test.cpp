// SPDX-License-Identifier: Apache-2.0
#include "harness/report/explaining_block.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tlbstorm::report {
namespace {

using testing::HasSubstr;

record::RunFolder made_run() {
  record::RunFolder run;
  run.manifest.workload.primary = "ipis_per_operation";
  for (const int number : {1, 2, 3}) {
    record::TrialRecord trial;
    trial.trial = number;
    trial.valid = true;
    trial.kind = number == 3 ? trial::TrialKind::explaining : trial::TrialKind::measuring;
    trial.instrument = number == 3 ? "perf, tlbflush" : "";
    run.manifest.trials.push_back(trial);
  }
  run.series = {{"throughput", "operations/s", {{1, 1000}, {2, 1000}}, {{3, 900}}},
                {"ipis_per_operation", "IPIs/op", {{1, 2}, {2, 2}}, {{3, 2.1}}},
                {"tlb_flushes_sent", "flushes", {{3, 7}}}};
  return run;
}

TEST(ExplainingBlock, ShowsWhatCountingChanged) {
  const std::string block = explaining_block(made_run());
  EXPECT_THAT(block, HasSubstr("with perf, tlbflush"));
  EXPECT_THAT(block, testing::ContainsRegex("ipis_per_operation +IPIs/op +2 +2\\.1 +\\+5\\.0%\n"));
  EXPECT_THAT(block, testing::ContainsRegex("throughput +operations/s +1000 +900 +-10\\.0%\n"));
  EXPECT_LT(block.find("ipis_per_operation"), block.find("throughput")) << "the primary metric comes first";
  EXPECT_EQ(block.find("tlb_flushes_sent"), std::string::npos);
}

TEST(ExplainingBlock, IsEmptyWhereNoTrialExplained) {
  record::RunFolder run = made_run();
  run.manifest.trials.pop_back();
  for (record::Series& series : run.series) series.explaining.clear();
  EXPECT_EQ(explaining_block(run), "");
}

}  // namespace
}  // namespace tlbstorm::report
