// SPDX-License-Identifier: Apache-2.0
// CSV as in RFC 4180: a writer that appends whole rows with one write(2), and a reader that streams.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/os/folder.hpp"

namespace tlbstorm::record {

/// Builds rows in memory and writes them out whole, so that a killed run leaves no half row but the last.
class CsvWriter {
 public:
  CsvWriter() = default;
  /// Makes the file, never over one that exists, with its header. Throws os::SystemError.
  CsvWriter(const os::Folder& folder, const std::string& name, std::string_view header);
  /// Writes to an open file; `path` names it in errors.
  CsvWriter(os::Fd file, std::filesystem::path path, std::string_view header);

  CsvWriter& field(std::string_view text);
  CsvWriter& field(double value);  ///< shortest text that reads back the same; empty when absent (NaN)
  CsvWriter& field(std::uint64_t value);
  CsvWriter& field(int value);
  void end_row();
  /// Hands what was built to the kernel.
  void flush();
  bool is_open() const { return static_cast<bool>(fd_); }

 private:
  void separate();
  std::filesystem::path path_;
  os::Fd fd_;
  fmt::memory_buffer buffer_;
  bool row_begun_ = false;
};

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
