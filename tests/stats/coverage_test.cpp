// SPDX-License-Identifier: Apache-2.0
// How often a 95% interval holds the change that is there. The table of docs/statistics.md is printed by
//
//   unit_tests --gtest_filter='Coverage.DISABLED_Table' --gtest_also_run_disabled_tests
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "harness/stats/change.hpp"
#include "harness/stats/rank_tests.hpp"

namespace tlbstorm::stats {
namespace {

using Noise = std::function<double(std::mt19937_64&)>;

double normal(std::mt19937_64& random) { return std::normal_distribution<double>{}(random); }

const std::vector<std::pair<std::string, Noise>> kNoises{
    {"normal, cv 1%", [](auto& random) { return 1 + 0.01 * normal(random); }},
    {"normal, cv 10%", [](auto& random) { return 1 + 0.1 * normal(random); }},
    {"log-normal, sigma 0.5", [](auto& random) { return std::exp(0.5 * normal(random)); }},
    // A third of the trials is a tenth higher, as where the kernel fell into another state.
    {"bimodal", [](auto& random) { return (random() % 3 == 0 ? 1.1 : 1.0) + 0.01 * normal(random); }},
};

struct Covered {
  double interval = 0;  ///< the share of intervals of the ratio that hold the true one
  double width = 0;     ///< the median width of those intervals
  double test = 0;  ///< the share of comparisons at the true ratio where Mann and Whitney's p is above 0.05
};

/// Sides that differ by a factor and in nothing else, `times` over.
Covered covered(const Noise& noise, std::size_t trials, int times, std::uint64_t seed = 1) {
  constexpr double kFactor = 1.05;
  std::mt19937_64 random(seed);
  Covered result;
  std::vector<double> widths, base(trials), next(trials), levelled(trials);
  for (int i = 0; i < times; ++i) {
    for (double& value : base) value = noise(random);
    for (double& value : levelled) value = noise(random);
    for (std::size_t j = 0; j < trials; ++j) next[j] = kFactor * levelled[j];
    const Interval interval = mann_whitney_interval(base, next, 0.05);
    result.interval += interval.contains(kFactor) ? 1.0 / times : 0;
    result.test += mann_whitney(base, levelled).p > 0.05 ? 1.0 / times : 0;
    widths.push_back(interval.high - interval.low);
  }
  result.width = median(widths);
  return result;
}

// By no more below that than so many comparisons can tell: three standard errors.
TEST(Coverage, IsNoLessThanItSays) {
  for (const auto& [name, noise] : kNoises)
    for (const std::size_t trials : {4, 5, 10, 20})
      EXPECT_GE(covered(noise, trials, 1000).interval, 0.95 - 3 * std::sqrt(0.95 * 0.05 / 1000))
          << name << ", " << trials << " trials";
}

TEST(Coverage, DISABLED_Table) {
  constexpr int kTimes = 4000;
  fmt::print(
      "| noise | trials a side | 95% interval holds the ratio | median width | test at 5% is silent |\n"
      "|---|---|---|---|---|\n");
  std::uint64_t seed = 0;
  for (const auto& [name, noise] : kNoises)
    for (const std::size_t trials : {4, 5, 10, 20}) {
      const Covered result = covered(noise, trials, kTimes, ++seed);
      fmt::print("| {} | {} | {:.1f}% | {:.4f} | {:.1f}% |\n", name, trials, 100 * result.interval,
                 result.width, 100 * result.test);
    }
}

}  // namespace
}  // namespace tlbstorm::stats
