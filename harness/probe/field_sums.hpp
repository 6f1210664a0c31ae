// SPDX-License-Identifier: Apache-2.0
// Sums over several devices of a sysfs file that is one line of numbers, such as a block device's stat.
// Throws nothing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"
#include "harness/probe/wrapping_count.hpp"

namespace tlbstorm::probe {

/// The number at `index` of the line, counted from 0; `scale` turns it into the unit of `column`.
struct Field {
  std::size_t index = 0;
  std::size_t column = 0;
  double scale = 1;
  bool wraps = false;  ///< a count that the kernel prints in 32 bits
};

class FieldSums {
 public:
  /// `fields` in ascending order of their index.
  FieldSums(std::vector<TextFile> files, std::vector<Field> fields)
      : files_(std::move(files)), fields_(std::move(fields)), counts_(files_.size() * fields_.size()) {}

  /// Writes the column of each field. `parts` are the devices, in the order of the files: one that can't be
  /// read is gone. A number that one device doesn't give makes its sum absent, unless that one is left out:
  /// the sum of the others is another figure.
  void read(std::span<double> row, std::span<Part> parts) noexcept;

 private:
  void add(std::string_view line, std::span<WrappingCount> counts, std::span<double> row) const noexcept;

  std::vector<TextFile> files_;
  std::vector<Field> fields_;
  std::vector<WrappingCount> counts_;  ///< file by file, each field's
};

}  // namespace tlbstorm::probe
