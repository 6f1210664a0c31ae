// SPDX-License-Identifier: Apache-2.0
// Against R and tables.
#include "harness/stats/students_t.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tlbstorm::stats {
namespace {

/// R's own example: t.test(extra ~ group, data = sleep) has t = -1.8608, df = 17.776, p = 0.07939 both ways.
TEST(Welch, IsThatOfR) {
  const std::vector<double> base{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0},
      next{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  EXPECT_NEAR(welch_higher(base, next), 0.07939 / 2, 5e-6);
  EXPECT_NEAR(welch_higher(next, base), 1 - 0.07939 / 2, 5e-6);
}

TEST(Welch, ValuesThatDoNotVaryAreMoreOrNot) {
  const std::vector<double> one{1, 1, 1}, two{2, 2, 2}, single{5};
  EXPECT_EQ(welch_higher(one, two), 0);
  EXPECT_EQ(welch_higher(two, one), 1);
  EXPECT_EQ(welch_higher(one, one), 1);
  EXPECT_EQ(welch_higher(one, single), 1) << "one value says nothing of its spread";
}

TEST(StudentsT, IsThatOfTheTables) {
  EXPECT_NEAR(students_t_beyond(0.005, 7), 3.4995, 1e-4);
  EXPECT_NEAR(students_t_above(3.4995, 7), 0.005, 1e-6);
  EXPECT_NEAR(variance_ratio_above(5.05, 5, 5), 0.05, 1e-3);
}

}  // namespace
}  // namespace tlbstorm::stats
