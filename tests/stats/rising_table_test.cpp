// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/rising_table.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/stats/sample.hpp"

namespace tlbstorm::stats {
namespace {

std::vector<double> sorted(std::mt19937_64& random, std::size_t n, int kind) {
  std::normal_distribution<double> normal;
  std::vector<double> values(n);
  for (double& value : values) {
    const double z = normal(random);
    value = kind == 0 ? z : kind == 1 ? std::exp(5 * z) : std::round(z);
  }
  std::sort(values.begin(), values.end());
  return values;
}

std::size_t zero(std::size_t) { return 0; }
std::size_t itself(std::size_t row) { return row; }

template <typename First>
void expect_listed_median(const std::vector<double>& rows, const std::vector<double>& columns,
                          const First& first) {
  const auto sum = [&](std::size_t i, std::size_t j) { return rows[i] + columns[j]; };
  std::vector<double> all;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = first(i); j < columns.size(); ++j) all.push_back(sum(i, j));
  EXPECT_DOUBLE_EQ(RisingTable(rows.size(), columns.size(), sum, first).median(), median(all));
}

TEST(RisingTable, HasTheMedianOfItsValues) {
  std::mt19937_64 random(1);
  for (const int kind : {0, 1, 2})
    for (std::size_t rows = 1; rows < 12; ++rows)
      for (std::size_t columns = 1; columns < 12; ++columns)
        expect_listed_median(sorted(random, rows, kind), sorted(random, columns, kind), zero);
}

TEST(RisingTable, RowsMayBeginAtTheDiagonal) {
  std::mt19937_64 random(2);
  for (const int kind : {0, 1, 2})
    for (std::size_t n = 1; n < 40; ++n) {
      const std::vector<double> values = sorted(random, n, kind);
      expect_listed_median(values, values, itself);
    }
}

TEST(RisingTable, LooksAtFewOfManyValues) {
  std::mt19937_64 random(3);
  constexpr std::size_t kRows = 1000;
  const std::vector<double> rows = sorted(random, kRows, 0), columns = sorted(random, kRows, 0);
  std::size_t looks = 0;
  const auto sum = [&](std::size_t i, std::size_t j) {
    ++looks;
    return rows[i] + columns[j];
  };
  RisingTable(kRows, kRows, sum, zero).median();
  EXPECT_LT(looks, kRows * kRows / 5);
}

TEST(RisingTable, EqualValuesAreFoundAtOnce) {
  const auto one = [](std::size_t, std::size_t) { return 1.0; };
  EXPECT_EQ(RisingTable(50, 60, one, zero).median(), 1);
}

}  // namespace
}  // namespace tlbstorm::stats
