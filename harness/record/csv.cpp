// SPDX-License-Identifier: Apache-2.0
#include "harness/record/csv.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <limits>

#include "harness/os/error.hpp"

namespace tlbstorm::record {

CsvWriter::CsvWriter(const std::filesystem::path& path, std::string_view header)
    : path_(path), fd_(os::Fd::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644)) {
  os::write_all(fd_, fmt::format("{}\r\n", header), path_);
}

void CsvWriter::separate() {
  if (row_begun_) buffer_.push_back(',');
  row_begun_ = true;
}

CsvWriter& CsvWriter::field(std::string_view text) {
  separate();
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    buffer_.append(text);
    return *this;
  }
  buffer_.push_back('"');
  for (const char c : text) {
    if (c == '"') buffer_.push_back('"');
    buffer_.push_back(c);
  }
  buffer_.push_back('"');
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

CsvReader::CsvReader(const std::filesystem::path& path) : path_(path), stream_(path, std::ios::binary) {
  if (!stream_) throw os::SystemError("open", path.native(), errno);
  std::vector<std::string> fields;
  if (!next(fields)) throw os::Error(fmt::format("{}: empty, not a CSV file of tlbstorm", path.native()));
  header_ = std::move(fields);
}

std::size_t CsvReader::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) throw os::Error(fmt::format("{}:1: no column {}", path_.native(), name));
  return static_cast<std::size_t>(found - header_.begin());
}

bool CsvReader::take_line(std::string& line) {
  if (!std::getline(stream_, line)) return false;
  ++line_;
  if (stream_.eof()) {  // no line end: the writer was killed in this row
    truncated_ = true;
    return false;
  }
  return true;
}

bool CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  std::string line;
  if (!take_line(line)) return false;
  fields.emplace_back();
  bool quoted = false;
  for (std::size_t i = 0;; ++i) {
    if (i == line.size()) {
      if (!quoted) break;
      fields.back() += '\n';
      if (!take_line(line))
        throw os::Error(fmt::format("{}:{}: a quote is not closed", path_.native(), line_));
      i = static_cast<std::size_t>(-1);
      continue;
    }
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c != '\r' || i + 1 != line.size()) {
      fields.back() += c;
    }
  }
  if (!header_.empty() && fields.size() != header_.size())
    throw os::Error(fmt::format("{}:{}: {} fields where the header has {}", path_.native(), line_,
                                fields.size(), header_.size()));
  return true;
}

double to_double(const CsvReader& reader, const std::string& field) {
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size())
    throw os::Error(fmt::format("{}:{}: '{}' is not a number", reader.path().native(), reader.line(), field));
  return value;
}

}  // namespace tlbstorm::record
