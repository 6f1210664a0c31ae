// SPDX-License-Identifier: Apache-2.0
// CSV as in RFC 4180, written in whole rows with one write(2).
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "harness/os/fd.hpp"
#include "harness/os/folder.hpp"

namespace tlbstorm::record {

/// A text as a cell: in quotes where it needs them.
std::string csv_cell(std::string_view text);

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

}  // namespace tlbstorm::record
