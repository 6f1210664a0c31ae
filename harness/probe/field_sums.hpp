// SPDX-License-Identifier: Apache-2.0
// Sums over several devices of a sysfs file that is one line of numbers, such as a block device's stat.
// Throws nothing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {

/// The number at `index` of the line, counted from 0; `scale` turns it into the unit of `column`.
struct Field {
  std::size_t index = 0;
  std::size_t column = 0;
  double scale = 1;
};

class FieldSums {
 public:
  /// `fields` in ascending order of their index.
  FieldSums(std::vector<TextFile> files, std::vector<Field> fields)
      : files_(std::move(files)), fields_(std::move(fields)) {}

  /// Writes the column of each field. A number that one device doesn't give makes its sum absent: the sum of
  /// the others is another figure.
  void read(std::span<double> row) noexcept;

 private:
  void add(std::string_view line, std::span<double> row) const noexcept;

  std::vector<TextFile> files_;
  std::vector<Field> fields_;
};

}  // namespace tlbstorm::probe
