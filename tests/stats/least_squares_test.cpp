// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/least_squares.hpp"

#include <gmock/gmock.h>

#include "harness/os/error.hpp"
#include "tests/stats/reference.hpp"

namespace tlbstorm::stats {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Of "1 2 3|4 5 6", term by term.
Rows rows_of(const std::string& terms) {
  Rows rows;
  for (const std::string& term : split(terms, '|')) {
    const std::vector<double> values = numbers(term);
    rows.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) rows[i].push_back(values[i]);
  }
  return rows;
}

std::vector<Estimate> estimates(const LinearFit& fit) {
  std::vector<Estimate> all{fit.constant()};
  all.insert(all.end(), fit.slopes().begin(), fit.slopes().end());
  return all;
}

constexpr double kTolerance = 1e-9;

TEST(LinearFit, IsThatOfR) {
  for (const ReferenceRow& row : reference("lines")) {
    SCOPED_TRACE(row.line);
    const LinearFit fit(rows_of(row.text("x")), row.values("y"));
    const std::vector<Estimate> ours = estimates(fit);
    const std::vector<double> coefficients = row.values("coefficients"), errors = row.values("errors"),
                              low = row.values("low"), high = row.values("high");
    ASSERT_EQ(ours.size(), coefficients.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      expect_same(ours[i].value, coefficients[i], kTolerance);
      expect_same(ours[i].error, errors[i], kTolerance);
      expect_same(ours[i].interval.low, low[i], 1e-7);
      expect_same(ours[i].interval.high, high[i], 1e-7);
    }
    expect_same(fit.deviation(), row.value("sigma"), kTolerance);
    expect_same(fit.r_squared(), row.value("r_squared"), kTolerance);
    const std::vector<double> residuals = row.values("residuals");
    for (std::size_t i = 0; i < residuals.size(); ++i)
      EXPECT_NEAR(fit.residuals()[i], residuals[i], 1e-9 * fit.largest_value());
  }
}

TEST(LinearFit, PredictsWhatRDoes) {
  for (const ReferenceRow& row : reference("lines")) {
    SCOPED_TRACE(row.line);
    const LinearFit fit(rows_of(row.text("x")), row.values("y"));
    const Prediction ours = fit.predict(row.values("at"));
    const std::vector<double> theirs = row.values("predicted");
    const double seen[]{ours.value, ours.mean.low, ours.mean.high, ours.point.low, ours.point.high};
    for (std::size_t i = 0; i < theirs.size(); ++i) expect_same(seen[i], theirs[i], 1e-7);
    expect_same(fit.largest_leverage(), row.value("largest_leverage"), kTolerance);
  }
}

TEST(LinearFit, LackOfFitIsThatOfR) {
  int seen = 0;
  for (const ReferenceRow& row : reference("lines")) {
    if (row.text("lack").empty()) continue;
    SCOPED_TRACE(row.line);
    std::vector<std::size_t> runs;
    for (const double run : row.values("runs")) runs.push_back(static_cast<std::size_t>(run));
    const Scatter ours = scatter(LinearFit(rows_of(row.text("x")), row.values("y")), runs);
    expect_same(ours.f, row.values("lack").at(0), 1e-8);
    expect_same(ours.p, row.values("lack").at(1), 1e-8);
    EXPECT_NEAR(ours.f, std::pow(ours.between / ours.within, 2), 1e-9 * ours.f);
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

/// Data and certified values of the Statistical Reference Datasets of NIST,
/// https://www.itl.nist.gov/div898/strd/lls/lls.shtml.
TEST(LinearFit, MeetsTheCertifiedValuesOfNorris) {
  const std::vector<double> y{0.1, 338.8, 118.1, 888.0, 9.2,   228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3,
                              0.1, 778.1, 668.8, 339.3, 448.9, 10.8,  557.7, 228.3, 998.0, 888.8, 119.6, 0.3,
                              0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2,  117.6, 228.9, 668.4, 449.2, 0.2},
      x{0.2, 337.4, 118.2, 884.6, 10.1,  226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4,
        0.6, 775.5, 666.9, 338.0, 447.5, 11.6,  556.0, 228.1, 995.8, 887.6, 120.2, 0.3,
        0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1,  118.3, 229.2, 669.1, 448.9, 0.5};
  Rows rows;
  for (const double value : x) rows.push_back({value});
  const LinearFit fit(rows, y);
  expect_same(fit.constant().value, -0.262323073774029, 1e-11);
  expect_same(fit.constant().error, 0.232818234301152, 1e-11);
  expect_same(fit.slopes()[0].value, 1.00211681802045, 1e-13);
  expect_same(fit.slopes()[0].error, 0.429796848199937E-03, 1e-11);
  expect_same(fit.deviation(), 0.884796396144373, 1e-11);
  expect_same(fit.r_squared(), 0.999993745883712, 1e-13);
}

TEST(LinearFit, MeetsTheCertifiedValuesOfLongleyWhoseTermsAreNearlyCollinear) {
  const std::vector<double> y{60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761,
                              66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551};
  const Rows x{{83.0, 234289, 2356, 1590, 107608, 1947},  {88.5, 259426, 2325, 1456, 108632, 1948},
               {88.2, 258054, 3682, 1616, 109773, 1949},  {89.5, 284599, 3351, 1650, 110929, 1950},
               {96.2, 328975, 2099, 3099, 112075, 1951},  {98.1, 346999, 1932, 3594, 113270, 1952},
               {99.0, 365385, 1870, 3547, 115094, 1953},  {100.0, 363112, 3578, 3350, 116219, 1954},
               {101.2, 397469, 2904, 3048, 117388, 1955}, {104.6, 419180, 2822, 2857, 118734, 1956},
               {108.4, 442769, 2936, 2798, 120445, 1957}, {110.8, 444546, 4681, 2637, 121950, 1958},
               {112.6, 482704, 3813, 2552, 123366, 1959}, {114.2, 502601, 3931, 2514, 125368, 1960},
               {115.7, 518173, 4806, 2572, 127852, 1961}, {116.9, 554894, 4007, 2827, 130081, 1962}};
  const LinearFit fit(x, y);
  const double certified[][2]{{-3482258.63459582, 890420.383607373},
                              {15.0618722713733, 84.9149257747669},
                              {-0.358191792925910E-01, 0.334910077722432E-01},
                              {-2.02022980381683, 0.488399681651699},
                              {-1.03322686717359, 0.214274163161675},
                              {-0.511041056535807E-01, 0.226073200069370},
                              {1829.15146461355, 455.478499142212}};
  const std::vector<Estimate> ours = estimates(fit);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    SCOPED_TRACE(i);
    expect_same(ours[i].value, certified[i][0], 1e-10);
    expect_same(ours[i].error, certified[i][1], 1e-10);
  }
  expect_same(fit.deviation(), 304.854073561965, 1e-11);
  expect_same(fit.r_squared(), 0.995479004577296, 1e-13);
}

TEST(LinearFit, ExactPointsLeaveNothing) {
  const LinearFit fit({{1}, {2}, {4}, {8}}, std::vector<double>{3, 5, 9, 17});
  EXPECT_NEAR(fit.slopes()[0].value, 2, 1e-14);
  EXPECT_NEAR(fit.constant().value, 1, 1e-14);
  EXPECT_NEAR(fit.rms(), 0, 1e-14);
  EXPECT_NEAR(fit.predict(std::vector<double>{256}).value, 513, 1e-11);
}

TEST(LinearFit, ValuesThatDontVaryHaveASlopeOfZeroAndNoRSquared) {
  const LinearFit fit({{1}, {2}, {4}}, std::vector<double>{0.1, 0.1, 0.1});
  EXPECT_EQ(fit.slopes()[0].value, 0);
  EXPECT_EQ(fit.constant().value, 0.1);
  EXPECT_TRUE(std::isnan(fit.r_squared()));
}

TEST(LinearFit, RefusesWhatHasNoAnswer) {
  const std::vector<double> two{1, 2}, three{1, 2, 3};
  EXPECT_THROW(LinearFit({{1}, {2}}, two), os::Error);
  EXPECT_THROW(LinearFit({{1}, {1}, {1}}, three), os::Error);
  EXPECT_THROW(LinearFit({}, {}), os::Error);
}

TEST(DependentTerms, AreNamedWithThoseTheyFollowFrom) {
  EXPECT_THAT(dependent_terms({{1, 5}, {2, 1}, {4, 9}}), IsEmpty());
  EXPECT_THAT(dependent_terms({{1, 7}, {2, 7}, {4, 7}}), ElementsAre(1)) << "it doesn't vary";
  EXPECT_THAT(dependent_terms({{1, 0.1}, {2, 0.2}, {4, 0.4}}), ElementsAre(0, 1));
  EXPECT_THAT(dependent_terms({{1, 3, 8}, {2, 1, 7}, {4, 9, 5}, {5, 9, 4}}), ElementsAre(0, 2))
      << "9 minus the first; the second has no part in it";
  EXPECT_THAT(dependent_terms({{1, 3, 4}, {2, 1, 3}, {4, 9, 13}, {5, 7, 12}}), ElementsAre(0, 1, 2));
  EXPECT_THAT(dependent_terms({{1, 3}, {2, 1}}), ElementsAre(0, 1)) << "two points make any two terms one";
  EXPECT_THAT(dependent_terms({{1e9 + 1}, {1e9 + 2}, {1e9 + 3}}), IsEmpty());
}

TEST(Scatter, OfOnePointARunIsUnknownAndOfExactRunsNone) {
  const LinearFit fit({{1}, {2}, {4}, {8}}, std::vector<double>{3, 5.1, 9, 17});
  EXPECT_TRUE(std::isnan(scatter(fit, std::vector<std::size_t>{0, 1, 2, 3}).p));
  const LinearFit twice({{1}, {1}, {2}, {2}, {4}, {4}}, std::vector<double>{3, 3, 5, 5, 9.5, 9.5});
  EXPECT_EQ(scatter(twice, std::vector<std::size_t>{0, 0, 1, 1, 2, 2}).p, 0)
      << "trials that are all the same can't explain any distance from the line";
  const LinearFit exact({{1}, {1}, {2}, {2}, {4}, {4}}, std::vector<double>{3, 3, 5, 5, 9, 9});
  EXPECT_EQ(scatter(exact, std::vector<std::size_t>{0, 0, 1, 1, 2, 2}).p, 1);
}

}  // namespace
}  // namespace tlbstorm::stats
