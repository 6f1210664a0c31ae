// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/field_sums.hpp"

#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

void FieldSums::read(std::span<double> row, std::span<Part> parts) noexcept {
  bool any = false;
  for (const Field& field : fields_) row[field.column] = 0;
  for (std::size_t file = 0; file < files_.size(); ++file) {
    if (parts[file].left_out) continue;
    any = true;
    std::string_view text = parts[file].gone ? "" : files_[file].read();
    parts[file].gone = text.empty();
    add(os::take_line(text), std::span(counts_).subspan(file * fields_.size(), fields_.size()), row);
  }
  for (const Field& field : fields_)
    if (!any) row[field.column] = kAbsent;
}

void FieldSums::add(std::string_view line, std::span<WrappingCount> counts,
                    std::span<double> row) const noexcept {
  std::size_t passed = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    for (; passed < field.index; ++passed) os::take_field(line);
    const auto number = os::to_number(os::take_field(line));
    ++passed;
    const double value = !number       ? kAbsent
                         : field.wraps ? counts[i].follow(*number)
                                       : static_cast<double>(*number);
    row[field.column] += value * field.scale;  // NaN stays NaN
  }
}

}  // namespace tlbstorm::probe
