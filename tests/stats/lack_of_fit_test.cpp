// SPDX-License-Identifier: Apache-2.0
// Points that bend away from a line.
#include "harness/stats/lack_of_fit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace tlbstorm::stats {
namespace {

using Shape = std::function<double(double)>;

std::string misfit_of(const Shape& shape, double noise, std::mt19937_64& random, std::size_t places = 8,
                      std::size_t at_each = 1) {
  std::normal_distribution<double> normal;
  Rows x;
  std::vector<double> y;
  for (std::size_t place = 1; place <= places; ++place)
    for (std::size_t i = 0; i < at_each; ++i) {
      x.push_back({static_cast<double>(place)});
      y.push_back(shape(static_cast<double>(place)) * (1 + noise * normal(random)));
    }
  return misfit(LinearFit(x, y), x, y);
}

/// Of 500.
int refused(const Shape& shape, double noise, std::size_t places = 8, std::size_t at_each = 1) {
  std::mt19937_64 random(5);
  int count = 0;
  for (int i = 0; i < 500; ++i) count += misfit_of(shape, noise, random, places, at_each).empty() ? 0 : 1;
  return count;
}

double line(double x) { return 10 + 2 * x; }
double parabola(double x) { return 10 + (x - 4.5) * (x - 4.5); }
double hat(double x) { return 10 + std::abs(x - 4.5); }
double saturation(double x) { return 10 * (1 - std::exp(-x)); }

TEST(Misfit, LineFitsWhateverItsNoise) {
  for (const double noise : {0.0, 0.01, 0.05, 0.2}) {
    EXPECT_LE(refused(&line, noise), 5 * 2) << noise << ": at most 1%, and twice that by chance";
    EXPECT_LE(refused(&line, noise, 5, 3), 5 * 2) << noise << ", three runs at each place";
  }
}

TEST(Misfit, WhatBendsIsNoLine) {
  for (const auto& [name, shape] :
       {std::pair<const char*, Shape>{"parabola", &parabola}, {"V", &hat}, {"saturation", &saturation}}) {
    EXPECT_EQ(refused(shape, 0.001), 500) << name;
    EXPECT_GE(refused(shape, 0.015), 450) << name;
    EXPECT_GE(refused(shape, 0.01, 5, 3), 450) << name << " at five places, three runs each";
  }
}

TEST(Misfit, TinyBendIsNone) {
  std::mt19937_64 random(1);
  EXPECT_EQ(misfit_of([](double x) { return x + 1e-4 * x * x; }, 1e-6, random), "");
}

/// As in the tables of Swed and Eisenhart, 1943: 4 and 4 values in 2 runs or fewer, 2 of 70.
TEST(SignRuns, AreCounted) {
  const auto p = [](std::vector<double> residuals) { return p_of_few_sign_runs(residuals); };
  EXPECT_NEAR(p({1, 1, 1, 1, -1, -1, -1, -1}), 2.0 / 70, 1e-12);
  EXPECT_NEAR(p({1, 1, -1, -1, -1, -1, 1, 1}), 8.0 / 70, 1e-12);
  EXPECT_NEAR(p({1, -1, 1, -1, 1, -1, 1, -1}), 1, 1e-12);
  EXPECT_EQ(p({1, 1, 1}), 1);
}

}  // namespace
}  // namespace tlbstorm::stats
