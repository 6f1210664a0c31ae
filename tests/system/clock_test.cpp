// SPDX-License-Identifier: Apache-2.0
// Nothing is timed by the time of day: it only stands in the manifest and in the names of folders.
#include <fmt/chrono.h>
#include <gtest/gtest.h>

#include <ctime>

#include "harness/record/csv_reader.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

std::string today() { return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr))); }

TEST(Clock, ThatStepsByADayToAndFroChangesNoRun) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer wants to be loaded first";
  Workplace place;
  const std::string before = today();
  for (const char* const workload : {"mprotect-storm", "pageout"}) {
    const std::string folder = place.new_folder();
    const std::string preload = std::string("LD_PRELOAD=") + STEPPING_CLOCK;
    std::vector<std::string> words{"/usr/bin/env", preload, TLBSTORM_BINARY, "run", workload,
                                   "--explain",    "none",  "--trials",      "2",   "--output",
                                   folder};
    for (const char* const word : {"--warmup", "100ms", "--duration", "300ms"}) words.emplace_back(word);
    const Finished done = place.finish(place.start_words(words));
    ASSERT_EQ(done.code, 0) << done.err;
    const nlohmann::json run = manifest(folder);
    EXPECT_EQ(run["state"], "finished");
    const std::string started = run["started"].get<std::string>().substr(0, 10);
    EXPECT_TRUE(started != before && started != today()) << "the clock did not step";
    for (const auto& trial : run["trials"]) EXPECT_EQ(trial["outcome"], "ok");
    record::CsvReader samples(folder + "/samples.csv");
    const std::size_t number = samples.column("trial"), seconds = samples.column("seconds");
    std::string trial;
    double last = 0;
    for (std::vector<std::string_view> row; samples.next(row);) {
      const double at = std::stod(std::string(row[seconds]));
      if (row[number] == trial) {
        EXPECT_GE(at, last) << "trial " << trial;
      }
      EXPECT_LT(at, 60);
      trial = row[number];
      last = at;
    }
    EXPECT_EQ(trial, "2");
    EXPECT_EQ(place.leftovers(), "");
  }
}

}  // namespace
}  // namespace tlbstorm::test
