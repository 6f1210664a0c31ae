// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/text_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::probe {
namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

TextFile::TextFile(const std::filesystem::path& path) : fd_(os::Fd::open(path, O_RDONLY)) {
  const std::string once =
      os::read_text(path);  // throws where opening is allowed but reading is not (PSI off)
  buffer_.resize(2 * once.size() + 2 * kPage);
}

std::string_view TextFile::read() noexcept {
  std::size_t filled = 0;
  for (;;) {
    // seq_file goes on where the last read ended, so the pieces are of one generation as far as the kernel
    // gives one.
    const ssize_t got =
        ::pread(fd_.get(), buffer_.data() + filled, buffer_.size() - filled, static_cast<off_t>(filled));
    if (got < 0) return {};
    filled += static_cast<std::size_t>(got);
    // Only 0 is the end: seq_file returns short whenever the next record did not fit into its own buffer.
    if (got == 0) return {buffer_.data(), filled};
    if (filled == buffer_.size()) return {};
  }
}

void TextFile::reopen(const std::filesystem::path& path) noexcept {
  fd_ = os::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::vector<std::string> KeyScanner::find(std::string_view text, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  while (!text.empty()) {
    std::string_view line = os::take_line(text);
    const std::string_view key = os::take_field(line);
    if (std::find(names.begin(), names.end(), key) != names.end()) found.emplace_back(key);
  }
  return found;
}

void KeyScanner::scan(std::string_view text, std::span<double> row) const noexcept {
  auto next = wanted_.begin();
  while (next != wanted_.end() && !text.empty()) {
    std::string_view line = os::take_line(text);
    if (!line.starts_with(next->name) || line.size() <= next->name.size()) continue;
    const char separator = line[next->name.size()];
    if (separator != ' ' && separator != '\t') continue;
    line.remove_prefix(next->name.size());
    if (const auto value = os::to_number(os::trim(line))) row[next->column] = static_cast<double>(*value);
    ++next;
  }
}

}  // namespace tlbstorm::probe
