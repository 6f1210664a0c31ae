// SPDX-License-Identifier: Apache-2.0
// CSV as in RFC 4180: a writer that appends whole rows with one write(2), and a reader that streams.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/fd.hpp"

namespace tlbstorm::record {

/// Builds rows in memory and writes them out whole, so that a killed run leaves no half row but the last.
class CsvWriter {
 public:
  CsvWriter() = default;
  /// Creates the file with its header. Throws os::SystemError.
  CsvWriter(const std::filesystem::path& path, std::string_view header);

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

/// Reads a CSV row by row. A last row without its line end, as a killed writer leaves, is skipped and told.
class CsvReader {
 public:
  /// Throws os::Error with the path when it can't be opened, is empty or its header is not a header.
  explicit CsvReader(const std::filesystem::path& path);

  const std::vector<std::string>& header() const { return header_; }
  /// The index of a column. Throws os::Error with path and name when it is missing.
  std::size_t column(std::string_view name) const;
  /// Reads the next row into `fields`; false at the end. Throws os::Error with file:line when the number of
  /// fields is wrong or a quote is not closed.
  bool next(std::vector<std::string>& fields);
  /// Whether the last row was cut off.
  bool truncated() const { return truncated_; }
  std::size_t line() const { return line_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  bool take_line(std::string& line);
  std::filesystem::path path_;
  std::ifstream stream_;
  std::vector<std::string> header_;
  std::size_t line_ = 0;
  bool truncated_ = false;
};

/// A number, or NaN for an empty field. Throws os::Error with file:line otherwise.
double to_double(const CsvReader& reader, const std::string& field);

}  // namespace tlbstorm::record
