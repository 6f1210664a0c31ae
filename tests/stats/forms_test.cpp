// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/forms.hpp"

#include <random>

#include "tests/stats/reference.hpp"

namespace tlbstorm::stats {
namespace {

const std::vector<double> kPlaces{1, 2, 4, 8, 16};

template <typename Of>
std::vector<double> values(const Of& of) {
  std::vector<double> all;
  for (const double x : kPlaces) all.push_back(of(x));
  return all;
}

TEST(PowerLaw, IsTheLineOfRThroughTheLogarithms) {
  int seen = 0;
  for (const ReferenceRow& row : reference("lines")) {
    if (row.text("kind") != "logs") continue;
    std::vector<double> x, y;
    for (const double log : row.values("x")) x.push_back(std::exp(log));
    for (const double log : row.values("y")) y.push_back(std::exp(log));
    const auto law = fit_power_law(x, y);
    ASSERT_TRUE(law);
    expect_same(law->factor.value, std::exp(row.values("coefficients")[0]), 1e-9);
    expect_same(law->exponent.value, row.values("coefficients")[1], 1e-9);
    expect_same(law->exponent.interval.low, row.values("low")[1], 1e-8);
    expect_same(law->exponent.interval.high, row.values("high")[1], 1e-8);
    const Prediction there = law->predict(std::exp(row.value("at")));
    expect_same(there.value, std::exp(row.values("predicted")[0]), 1e-8);
    expect_same(there.point.low, std::exp(row.values("predicted")[3]), 1e-8);
    expect_same(there.point.high, std::exp(row.values("predicted")[4]), 1e-8);
    expect_same(law->at(64), std::exp(row.values("predicted")[0]), 1e-8);
    ++seen;
  }
  EXPECT_EQ(seen, 1);
}

TEST(PowerLaw, NeedsPositiveValuesAndThreePlaces) {
  EXPECT_FALSE(fit_power_law(std::vector<double>{0, 1, 2, 4}, std::vector<double>{1, 2, 3, 4}));
  EXPECT_FALSE(fit_power_law(std::vector<double>{1, 2, 3, 4}, std::vector<double>{1, 2, 0, 4}));
  EXPECT_FALSE(fit_power_law(std::vector<double>{1, 1, 2, 2}, std::vector<double>{1, 2, 3, 4}));
  EXPECT_TRUE(fit_power_law(std::vector<double>{1, 2, 3}, std::vector<double>{1, 2, 3}));
}

TEST(FormChoice, TellsAStraightLineFromAPowerLaw) {
  EXPECT_EQ(choose_form(kPlaces, values([](double x) { return 10 + 2 * x; })).better, Form::line);
  EXPECT_EQ(choose_form(kPlaces, values([](double x) { return 3 * std::sqrt(x); })).better, Form::power_law);
}

TEST(FormChoice, WhatIsBothOrNeitherIsUndecided) {
  EXPECT_EQ(choose_form(kPlaces, values([](double x) { return 2 * x; })).better, Form::undecided);
  EXPECT_EQ(choose_form(kPlaces, values([](double) { return 0.1; })).better, Form::undecided);
  EXPECT_EQ(choose_form(kPlaces, values([](double x) { return x - 2; })).better, Form::undecided);
  EXPECT_EQ(choose_form(std::vector<double>{1, 2, 4}, std::vector<double>{12, 14, 18}).better,
            Form::undecided)
      << "three places leave two, through which either form goes";
}

TEST(FormChoice, ErrorsAreThoseOfPlacesLeftOutWithAllTheirRuns) {
  // Without x = 4 the rest is 1 + 2 x.
  const std::vector<double> x{1, 2, 4, 4, 8, 16}, y{3, 5, 10, 11, 17, 33};
  double rest = 0;
  for (const double place : {1.0, 2.0, 8.0, 16.0}) {
    Rows others;
    std::vector<double> theirs;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] != place) others.push_back({x[i]}), theirs.push_back(y[i]);
    const double there = LinearFit(others, theirs).at(std::vector<double>{place});
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] == place) rest += std::pow(y[i] - there, 2);
  }
  EXPECT_NEAR(choose_form(x, y).line_error, std::sqrt((rest + 1 + 4) / 6), 1e-12);
}

/// How often a form is called the better one, as R simulated it: within four standard errors of 500 choices.
TEST(FormChoice, DecidesAsOftenAsInRsSimulation) {
  std::mt19937_64 random(1);
  for (const ReferenceRow& row : reference("forms")) {
    if (row.text("truth") != "2 x") continue;
    SCOPED_TRACE(row.line);
    const std::vector<double> places = row.values("places");
    std::normal_distribution<double> noise(0, row.value("noise"));
    constexpr int kTimes = 500;
    int line = 0, power = 0;
    for (int i = 0; i < kTimes; ++i) {
      std::vector<double> y;
      for (const double place : places) {
        std::vector<double> trials(5);
        for (double& trial : trials) trial = 2 * place * (1 + noise(random));
        y.push_back(median(trials));
      }
      const Form better = choose_form(places, y).better;
      line += better == Form::line ? 1 : 0;
      power += better == Form::power_law ? 1 : 0;
    }
    EXPECT_NEAR(line / double{kTimes}, row.value("line"), 0.06);
    EXPECT_NEAR(power / double{kTimes}, row.value("power_law"), 0.06);
  }
}

}  // namespace
}  // namespace tlbstorm::stats
