// SPDX-License-Identifier: Apache-2.0
#include "harness/record/csv_reader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/printable.hpp"
#include "harness/os/text.hpp"
#include "harness/record/excerpt.hpp"

namespace tlbstorm::record {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr std::size_t kLongestRow = std::size_t{16} << 20;
constexpr std::size_t kMostColumns = std::size_t{1} << 16;

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Appends the fields of a row without quotes, but no more than `most`; how many there are in all.
std::size_t split(std::string_view row, std::size_t most, std::vector<std::string_view>& fields) {
  const char* from = row.data();
  const char* const end = from + row.size();
  while (fields.size() < most) {
    const auto* const comma =
        static_cast<const char*>(std::memchr(from, ',', static_cast<std::size_t>(end - from)));
    if (comma == nullptr) {
      fields.emplace_back(from, end - from);
      return fields.size();
    }
    fields.emplace_back(from, comma - from);
    from = comma + 1;
  }
  return fields.size() + 1 + static_cast<std::size_t>(std::count(from, end, ','));
}

}  // namespace

CsvReader::CsvReader(const std::filesystem::path& path)
    : path_(path), fd_(os::open_plain_file(path)), buffer_(kBlock) {
  std::vector<std::string_view> fields;
  if (!next(fields)) {
    if (truncated_) throw os::Error(fmt::format("{}:1: the header was cut off", path_.native()));
    throw os::Error(fmt::format("{}: empty, not a CSV file of tlbstorm", path_.native()));
  }
  header_.assign(fields.begin(), fields.end());
  check_header();
}

void CsvReader::check_header() {
  std::vector<std::string_view> names(header_.begin(), header_.end());
  std::sort(names.begin(), names.end());
  if (names.front().empty()) complain("a column without a name");
  for (const std::string_view name : names) to_text(*this, name);
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) complain(fmt::format("column {} is there twice", excerpt(*twice)));
}

std::size_t CsvReader::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) throw os::Error(fmt::format("{}:1: no column {}", path_.native(), name));
  return static_cast<std::size_t>(found - header_.begin());
}

void CsvReader::complain(std::string_view problem, std::string hint) const {
  throw os::Error(fmt::format("{}:{}: {}", path_.native(), line_, problem), std::move(hint));
}

/// Adds to what was not yet taken, which moves to the buffer's begin; false at the end of the file.
bool CsvReader::read_block() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  for (;;) {
    const ssize_t got = ::read(fd_.get(), buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw os::SystemError("read", path_.native(), errno);
    end_ += static_cast<std::size_t>(got);
    return got > 0;
  }
}

/// The next line without its '\n', which holds until the next call; false at the end.
bool CsvReader::take_line(std::string_view& line) {
  for (std::size_t seen = 0;;) {
    const std::string_view untaken(buffer_.data() + begin_, end_ - begin_);
    const std::size_t end = untaken.find('\n', seen);
    if (end <= kLongestRow) {
      line = untaken.substr(0, end);
      begin_ += end + 1;
      ++lines_taken_;
      if (line.find('\0') == std::string_view::npos) return true;
      line_ = lines_taken_;
      complain("a NUL byte, so it is no text",
               "the machine may have crashed while it was written; measure again");
    }
    seen = untaken.size();
    if (seen > kLongestRow) {
      line_ = lines_taken_ + 1;
      complain("a line of more than 16 MiB, not a row of tlbstorm");
    }
    if (read_block()) continue;
    truncated_ = seen > 0;  // no line end: the writer was killed in this row
    return false;
  }
}

bool CsvReader::next(std::vector<std::string_view>& fields) {
  fields.clear();
  std::string_view line;
  if (!take_line(line)) return false;
  line_ = lines_taken_;
  const std::size_t columns = header_.empty() ? kMostColumns : header_.size();
  std::size_t found = 0;
  if (line.find('"') == std::string_view::npos) {
    found = split(without_cr(line), columns, fields);
  } else {
    unquote(line, fields);
    found = fields.size();
  }
  if (header_.empty() && found > columns)
    complain(fmt::format("{} columns, not a header of tlbstorm", found));
  if (!header_.empty() && found != columns)
    complain(fmt::format("{} fields where the header has {}", found, columns));
  return true;
}

void CsvReader::unquote(std::string_view line, std::vector<std::string_view>& fields) {
  unquoted_.clear();
  std::vector<std::size_t> ends;
  bool quoted = false;
  for (;;) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      const bool begins = unquoted_.size() == (ends.empty() ? 0 : ends.back());
      if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"')
        unquoted_ += line[i++];
      else if (c == '"' && (quoted || begins))
        quoted = !quoted;
      else if (c == ',' && !quoted && ends.size() < kMostColumns)
        ends.push_back(unquoted_.size());
      else if (quoted || c != '\r' || i + 1 != line.size())
        unquoted_ += c;
    }
    if (!quoted) break;
    unquoted_ += '\n';
    if (unquoted_.size() > kLongestRow || !take_line(line)) complain("a quote is not closed");
  }
  ends.push_back(unquoted_.size());
  std::size_t from = 0;
  for (const std::size_t end : ends) {
    fields.push_back(std::string_view(unquoted_).substr(from, end - from));
    from = end;
  }
}

std::string to_text(const CsvReader& reader, std::string_view field) {
  std::string text(field);
  if (os::printable_line(text) != text)
    reader.complain(fmt::format("'{}' is not a name of tlbstorm", excerpt(field)));
  return text;
}

double to_double(const CsvReader& reader, std::string_view field) {
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  constexpr std::size_t kExactDigits = 15;  // counters: faster than the general case, and as exact
  if (field.size() <= kExactDigits)
    if (const auto whole = os::to_number(field)) return static_cast<double>(*whole);
  const auto value = os::to_real(field);
  if (!value) reader.complain(fmt::format("'{}' is not a number", excerpt(field)));
  return *value;
}

int to_index(const CsvReader& reader, std::string_view what, std::string_view field) {
  const auto number = os::to_number(field);
  if (!number || *number > std::numeric_limits<int>::max())
    reader.complain(fmt::format("'{}' is not the number of a {}", excerpt(field), what));
  return static_cast<int>(*number);
}

}  // namespace tlbstorm::record
