// SPDX-License-Identifier: Apache-2.0
#include "harness/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/os/printable.hpp"

namespace tlbstorm::report {

void Table::add(std::vector<std::string> cells, std::string colour) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = os::printable_line(cell);
  rows_.push_back({std::move(cells), std::move(colour), {}});
}

void Table::add_remark(std::string text) { rows_.push_back({{}, {}, std::move(text)}); }

std::string Table::text(const std::string& indent, bool coloured) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_[i].title.size();
    for (const Row& row : rows_)
      if (!row.cells.empty()) width = std::max(width, row.cells[i].size());
    widths.push_back(width);
  }
  const auto line = [&](const auto& cell_of) {
    std::string out = indent;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out += "  ";
      out += columns_[i].align == Align::left ? fmt::format("{:<{}}", cell_of(i), widths[i])
                                              : fmt::format("{:>{}}", cell_of(i), widths[i]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  };
  std::string out = line([&](std::size_t i) { return columns_[i].title; }) + "\n";
  for (const Row& row : rows_) {
    const std::string text =
        row.cells.empty() ? indent + "  " + row.remark : line([&](std::size_t i) { return row.cells[i]; });
    const bool colour = coloured && !row.colour.empty();
    out += colour ? os::ink("[" + row.colour + "m") + text + os::ink("[0m") + "\n" : text + "\n";
  }
  return out;
}

}  // namespace tlbstorm::report
