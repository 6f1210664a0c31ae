// SPDX-License-Identifier: Apache-2.0
#include "harness/record/csv_writer.hpp"

#include <cmath>

namespace tlbstorm::record {
namespace {

bool needs_quotes(std::string_view text) { return text.find_first_of(",\"\r\n") != std::string_view::npos; }

}  // namespace

std::string csv_cell(std::string_view text) {
  if (!needs_quotes(text)) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

CsvWriter::CsvWriter(const os::Folder& folder, const std::string& name, std::string_view header)
    : CsvWriter(folder.create(name), folder / name, header) {}

CsvWriter::CsvWriter(os::Fd file, std::filesystem::path path, std::string_view header)
    : path_(std::move(path)), fd_(std::move(file)) {
  os::write_all(fd_, fmt::format("{}\r\n", header), path_);
}

void CsvWriter::separate() {
  if (row_begun_) buffer_.push_back(',');
  row_begun_ = true;
}

CsvWriter& CsvWriter::field(std::string_view text) {
  separate();
  if (needs_quotes(text))
    buffer_.append(csv_cell(text));
  else
    buffer_.append(text);
  return *this;
}

CsvWriter& CsvWriter::field(double value) {
  separate();
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (!std::isfinite(value)) return *this;
  if (value == std::trunc(value) && std::abs(value) < kExact)
    fmt::format_to(std::back_inserter(buffer_), "{}", static_cast<std::int64_t>(value));
  else
    fmt::format_to(std::back_inserter(buffer_), "{}", value);
  return *this;
}

CsvWriter& CsvWriter::field(std::uint64_t value) {
  separate();
  fmt::format_to(std::back_inserter(buffer_), "{}", value);
  return *this;
}

CsvWriter& CsvWriter::field(int value) {
  separate();
  fmt::format_to(std::back_inserter(buffer_), "{}", value);
  return *this;
}

void CsvWriter::end_row() {
  buffer_.append(std::string_view("\r\n"));
  row_begun_ = false;
}

void CsvWriter::flush() {
  if (buffer_.size() == 0) return;
  os::write_all(fd_, {buffer_.data(), buffer_.size()}, path_);
  buffer_.clear();
}

}  // namespace tlbstorm::record
