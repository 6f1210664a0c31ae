// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/field_sums.hpp"

#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

void FieldSums::read(std::span<double> row) noexcept {
  for (const Field& field : fields_) row[field.column] = files_.empty() ? kAbsent : 0;
  for (TextFile& file : files_) {
    std::string_view text = file.read();
    add(os::take_line(text), row);
  }
}

void FieldSums::add(std::string_view line, std::span<double> row) const noexcept {
  std::size_t passed = 0;
  for (const Field& field : fields_) {
    for (; passed < field.index; ++passed) os::take_field(line);
    const auto value = os::to_number(os::take_field(line));
    ++passed;
    row[field.column] += value ? static_cast<double>(*value) * field.scale : kAbsent;  // NaN stays NaN
  }
}

}  // namespace tlbstorm::probe
