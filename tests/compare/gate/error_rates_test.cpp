// SPDX-License-Identifier: Apache-2.0
// How often a gate is wrong: alarms where nothing changed, and changes that it misses. The figures of
// docs/statistics.md come from here.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <random>

#include "harness/compare/gate/gate.hpp"
#include "harness/compare/gate/gross.hpp"
#include "harness/compare/gate/sequential.hpp"
#include "harness/record/csv_reader.hpp"
#include "tests/sanitized.hpp"

namespace tlbstorm::compare {
namespace {

using Random = std::mt19937_64;
/// One trial's noise around 1, by the trial's place in time.
using Noise = std::function<double(Random&, std::size_t)>;

constexpr std::size_t kComparisons = 1000;
constexpr std::size_t kTrials = 10;

double normal(Random& random) { return std::normal_distribution<double>()(random); }

struct Kind {
  const char* name;
  Noise noise;
};

/// One metric over its median in 40 trials on a virtual machine with two CPUs: ipis_per_page of `run
/// file-cache
/// --memory 256M --size 1G --sparse --duration 500ms --warmup 300ms` (cv 21%), ns_per_page of `run pageout
/// --region 8M` (cv 11%).
std::vector<double> recorded(const std::string& series) {
  record::CsvReader reader(std::filesystem::path(TLBSTORM_FIXTURES) / "statistics/recorded_noise.csv");
  std::vector<double> values;
  std::vector<std::string_view> row;
  while (reader.next(row))
    if (row[0] == series) values.push_back(record::to_double(reader, row[1]));
  return values;
}

Noise drawn_from(const std::vector<double>& values) {
  return [values](Random& r, std::size_t) { return values[r() % values.size()]; };
}

std::vector<Kind> kinds() {
  return {{"normal, cv 1%", [](Random& r, std::size_t) { return 1 + 0.01 * normal(r); }},
          {"normal, cv 20%", [](Random& r, std::size_t) { return std::max(0.05, 1 + 0.2 * normal(r)); }},
          {"log-normal, cv 50%", [](Random& r, std::size_t) { return std::exp(0.47 * normal(r)); }},
          {"bimodal: 1 or 1.5",
           [](Random& r, std::size_t) { return (r() % 2 == 0 ? 1.0 : 1.5) + 0.01 * normal(r); }},
          {"warm-up drift, each run alike",
           [](Random& r, std::size_t i) { return 1 + 0.02 * static_cast<double>(i) + 0.01 * normal(r); }},
          {"recorded, file-cache", drawn_from(recorded("file-cache"))},
          {"recorded, pageout", drawn_from(recorded("pageout"))}};
}

record::RunFolder run_of(const std::vector<std::pair<std::string, std::vector<double>>>& metrics) {
  record::RunFolder run;
  run.manifest.plan.workload = "made";
  for (std::size_t i = 0; i < metrics.front().second.size(); ++i) {
    record::TrialRecord& trial = run.manifest.trials.emplace_back();
    trial.trial = static_cast<int>(i) + 1;
    trial.valid = true;
  }
  for (const auto& [name, values] : metrics) {
    record::Series series{name, "", {}};
    for (std::size_t i = 0; i < values.size(); ++i) series.by_trial[static_cast<int>(i) + 1] = values[i];
    run.series.push_back(series);
  }
  return run;
}

Side side(const std::vector<Rule>& rules, const Noise& noise, Random& random, double factor,
          std::size_t from = 0, std::size_t step = 1) {
  std::vector<std::pair<std::string, std::vector<double>>> metrics;
  for (const Rule& rule : rules) {
    std::vector<double> values;
    for (std::size_t i = 0; i < kTrials; ++i)
      values.push_back((rule.metric == "ipis_per_page" ? factor : 1) * noise(random, from + step * i));
    metrics.emplace_back(rule.metric, values);
  }
  std::vector<record::RunFolder> runs;
  runs.push_back(run_of(metrics));
  return Side("side", std::move(runs));
}

/// In what order the trials of the sides were made, which tells where in time they are.
enum class Order { each_from_its_start, interleaved, one_after_the_other };

/// The share of comparisons that fail where ipis_per_page of the new side is `factor` times the base's.
double failing(const std::vector<Rule>& rules, const Noise& noise, double factor,
               Order order = Order::each_from_its_start) {
  Random random(7);
  GateOptions options;
  options.paired = order == Order::interleaved;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < kComparisons; ++i) {
    const std::size_t step = options.paired ? 2 : 1;
    const std::size_t next_from = options.paired ? 1 : order == Order::one_after_the_other ? kTrials : 0;
    const Side base = side(rules, noise, random, 1, 0, step),
               next = side(rules, noise, random, factor, next_from, step);
    const GatePair pair{"", &base, &next};
    failed += judge(std::span(&pair, 1), rules, options).ruling() == Ruling::fail ? 1 : 0;
  }
  return static_cast<double>(failed) / static_cast<double>(kComparisons);
}

class ErrorRates : public ::testing::Test {
 protected:
  void SetUp() override {
    if (test::kSanitized)
      GTEST_SKIP() << "thousands of comparisons of what other tests compare once: minutes with a sanitizer";
  }
};

TEST_F(ErrorRates, AtMostOneComparisonOfTheSameInAHundredRaisesAnAlarm) {
  for (const Kind& kind : kinds()) {
    const double rate = failing(default_rules(), kind.noise, 1);
    fmt::print("  {:<32} {:.1f}% false alarms\n", kind.name, 100 * rate);
    EXPECT_LE(rate, 0.01) << kind.name;
  }
}

TEST_F(ErrorRates, ADriftThroughInterleavedTrialsRaisesNone) {
  const Noise drift = [](Random& r, std::size_t i) {
    return 1 + 0.02 * static_cast<double>(i) + 0.01 * normal(r);
  };
  EXPECT_LE(failing(default_rules(), drift, 1, Order::interleaved), 0.01);
}

/// A machine that drifts through both runs, one after the other: no statistic can tell that from a change for
/// sure, but a drift that is steep enough to break a rule mostly shows within the runs, too.
TEST_F(ErrorRates, ADriftThroughOneRunAfterTheOtherIsSeenForWhatItIs) {
  for (const double slope : {0.001, 0.003, 0.01}) {
    const Noise drift = [slope](Random& r, std::size_t i) {
      return 1 + slope * static_cast<double>(i) + 0.01 * normal(r);
    };
    const double rate = failing(default_rules(), drift, 1, Order::one_after_the_other);
    fmt::print("  drift of {:.1f}% a trial: {:.1f}% false alarms\n", 100 * slope, 100 * rate);
    EXPECT_LE(rate, 0.01) << slope;
  }
}

TEST_F(ErrorRates, FivePercentMoreIpisAPageAreFoundInTenTrials) {
  const double found = failing(
      default_rules(), [](Random& r, std::size_t) { return 1 + 0.01 * normal(r); }, 1.05);
  fmt::print("  {:.1f}% found\n", 100 * found);
  EXPECT_GE(found, 0.95);
}

/// Runs of the same that differ by their luck: a share of comparisons whose change is called gross.
double gross(double between_runs, const Noise& within, std::size_t runs, std::size_t trials) {
  Random random(23);
  const Rule rule = parse_rule("ipis_per_page <= +2%");
  const MetricInfo metric{"ipis_per_page", "IPIs/page", trial::Better::lower};
  const auto make = [&] {
    std::vector<record::RunFolder> made;
    for (std::size_t run = 0; run < runs; ++run) {
      const double luck = std::exp(between_runs * normal(random));
      std::vector<double> values;
      for (std::size_t i = 0; i < trials; ++i) values.push_back(luck * within(random, i));
      made.push_back(run_of({{metric.name, values}}));
    }
    return Side("side", std::move(made));
  };
  constexpr int kMany = 500;
  int failed = 0;
  for (int i = 0; i < kMany; ++i) failed += gross_change(make(), make(), metric, rule, 0.02) ? 1 : 0;
  return static_cast<double>(failed) / kMany;
}

TEST_F(ErrorRates, NoLuckOfARunIsCalledGross) {
  const Noise quiet = [](Random& r, std::size_t) { return 1 + 0.01 * normal(r); };
  const Noise two_modes = [](Random& r, std::size_t) {
    return (r() % 2 == 0 ? 1.0 : 1.5) + 0.01 * normal(r);
  };
  const Noise steep = [](Random& r, std::size_t i) {
    return 1 + 0.05 * static_cast<double>(i) + 0.01 * normal(r);
  };
  for (const double between : {0.0, 0.03, 0.1})
    for (const auto& [name, noise] : {std::pair{"cv 1%", quiet}, {"1 or 1.5", two_modes}, {"drift", steep}})
      for (const auto& [runs, trials] : {std::pair{1, 5}, {3, 1}, {3, 5}, {5, 1}}) {
        const double rate =
            gross(between, noise, static_cast<std::size_t>(runs), static_cast<std::size_t>(trials));
        if (rate > 0.002)
          fmt::print("  runs differ by {:.1f}%, trials: {}: {} runs of {}: {:.2f}% gross\n", 100 * between,
                     name, runs, trials, 100 * rate);
        EXPECT_LE(rate, 0.01) << between << " " << name << " " << runs << "x" << trials;
      }
}

/// Looks at growing data until an answer; whether it is "better" or "worse".
bool sees_a_change(const Noise& noise, Random& random, double factor) {
  constexpr std::size_t kLooks = 6;
  constexpr double kLevel = 0.05;
  const MetricInfo metric{"ipis_per_page", "", trial::Better::lower};
  std::vector<double> base, next;
  for (std::size_t k = 1; k <= kLooks; ++k) {
    const Look now = look(k, kLevel);
    while (base.size() < now.pairs) {
      base.push_back(noise(random, base.size()));
      next.push_back(factor * noise(random, next.size()));
    }
    ComparisonOptions options;
    options.paired = true;
    options.alpha = now.alpha;
    const Verdict verdict = compare_values(metric, base, next, options).verdict;
    if (verdict != Verdict::unsure) return verdict != Verdict::same;
  }
  return false;
}

TEST_F(ErrorRates, LookingAgainAndAgainKeepsTheLevel) {
  Random random(11);
  constexpr int kRuns = 300;
  int alarms = 0, found = 0;
  const Noise noise = [](Random& r, std::size_t) { return 1 + 0.05 * normal(r); };
  for (int i = 0; i < kRuns; ++i) {
    alarms += sees_a_change(noise, random, 1) ? 1 : 0;
    found += sees_a_change(noise, random, 1.1) ? 1 : 0;
  }
  fmt::print("  {} alarms and {} found in {}\n", alarms, found, kRuns);
  EXPECT_LE(alarms, kRuns * 0.05);
  EXPECT_GE(found, kRuns * 0.95);
}

}  // namespace
}  // namespace tlbstorm::compare
