// SPDX-License-Identifier: Apache-2.0
// CSV as in RFC 4180, read as it streams by. A row without quotes, as nearly all are, is split where it lies
// in the buffer.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/fd.hpp"

namespace tlbstorm::record {

/// Reads a CSV row by row, in memory that doesn't grow with the file. A last row without its line end, as a
/// killed writer leaves, is skipped and told. Lines end with LF or CR LF.
class CsvReader {
 public:
  /// Throws os::Error with the path when it can't be read, is empty or its header is not a header.
  explicit CsvReader(const std::filesystem::path& path);

  const std::vector<std::string>& header() const { return header_; }
  /// The index of a column. Throws os::Error with path and name when it is missing.
  std::size_t column(std::string_view name) const;
  /// Reads the next row into `fields`, which hold until the next call; false at the end. Throws os::Error
  /// with file:line when the number of fields is wrong, a quote is not closed, or it is no text of lines.
  bool next(std::vector<std::string_view>& fields);
  /// Whether the last row was cut off.
  bool truncated() const { return truncated_; }
  /// Where the row begins that was read last.
  std::size_t line() const { return line_; }
  const std::filesystem::path& path() const { return path_; }
  /// Throws os::Error "file:line: problem" about the row that was read last.
  [[noreturn]] void complain(std::string_view problem, std::string hint = {}) const;

 private:
  bool take_line(std::string_view& line);
  bool read_block();
  void unquote(std::string_view line, std::vector<std::string_view>& fields);
  void check_header();

  std::filesystem::path path_;
  os::Fd fd_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  ///< of what was read and not yet taken, in the buffer
  std::string unquoted_;             ///< the fields of a row with quotes, without them
  std::vector<std::string> header_;
  std::size_t line_ = 0, lines_taken_ = 0;
  bool truncated_ = false;
};

/// A name or a unit. Throws os::Error with file:line where it can't be shown as it is.
std::string to_text(const CsvReader& reader, std::string_view field);
/// A finite number, or NaN for an empty field. Throws os::Error with file:line otherwise.
double to_double(const CsvReader& reader, std::string_view field);
/// The number of a trial or a round, `what` in the error. Throws os::Error with file:line.
int to_index(const CsvReader& reader, std::string_view what, std::string_view field);

}  // namespace tlbstorm::record
