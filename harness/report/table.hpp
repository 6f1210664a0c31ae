// SPDX-License-Identifier: Apache-2.0
// A table of text: columns as wide as what is in them.
#pragma once

#include <string>
#include <vector>

namespace tlbstorm::report {

class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::right;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns, each shown in one line. `colour` is an SGR number ("31") that the
  /// row is written in, or empty.
  void add(std::vector<std::string> cells, std::string colour = {});
  /// A line without columns, under the row before.
  void add_remark(std::string text);
  bool empty() const { return rows_.empty(); }

  /// Lines that begin with `indent`, two blanks between columns, none at the end; with colours, in os::ink,
  /// only when asked.
  std::string text(const std::string& indent, bool coloured) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string colour, remark;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace tlbstorm::report
