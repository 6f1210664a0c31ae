// SPDX-License-Identifier: Apache-2.0
// The values that R gave for the same data: tests/fixtures/statistics, made by make.R there.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace tlbstorm::stats {

inline std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

inline std::vector<double> numbers(const std::string& text) {
  std::vector<double> values;
  for (const std::string& part : split(text, ' ')) values.push_back(std::stod(part));
  return values;
}

struct ReferenceRow {
  std::map<std::string, std::string> cells;
  std::string line;  ///< to say which row it is

  const std::string& text(const std::string& column) const { return cells.at(column); }
  std::vector<double> values(const std::string& column) const { return numbers(cells.at(column)); }
  double value(const std::string& column) const { return std::stod(cells.at(column)); }
};

/// The rows of one of R's tables. Throws std::out_of_range where a row lacks a column.
inline std::vector<ReferenceRow> reference(const std::string& name) {
  std::ifstream file(std::filesystem::path(TLBSTORM_FIXTURES) / "statistics" / (name + ".csv"));
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> columns = split(line, ',');
  std::vector<ReferenceRow> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = split(line, ',');
    ReferenceRow row{{}, line};
    for (std::size_t i = 0; i < columns.size(); ++i) row.cells[columns[i]] = cells.at(i);
    rows.push_back(row);
  }
  EXPECT_FALSE(rows.empty()) << name;
  return rows;
}

/// Equal but for rounding: R adds up the same terms in another order.
inline void expect_same(double ours, double theirs, double tolerance = 1e-12) {
  EXPECT_NEAR(ours, theirs, tolerance * std::max(std::abs(theirs), 1e-300));
}

}  // namespace tlbstorm::stats
