// SPDX-License-Identifier: Apache-2.0
// A procfs or cgroup file that stays open and is read whole, again and again, into a buffer of its own.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/fd.hpp"

namespace tlbstorm::probe {

class TextFile {
 public:
  /// Opens and reads once, to size the buffer with room to grow. Throws os::SystemError.
  explicit TextFile(const std::filesystem::path& path);

  /// The file's text now; valid until the next read. Empty when it can't be read or outgrew the buffer.
  std::string_view read() noexcept;
  /// Another file of the same kind from now on; nothing to read when it can't be opened.
  void reopen(const std::filesystem::path& path) noexcept;

 private:
  os::Fd fd_;
  std::vector<char> buffer_;
};

/// One number of a "key value" file such as /proc/vmstat.
struct Key {
  std::string name;
  std::size_t column;
};

/// Reads chosen keys of a "key value" text in one pass, whatever else stands there.
class KeyScanner {
 public:
  /// `wanted` in the order of the text's lines, as find() returns it.
  explicit KeyScanner(std::vector<Key> wanted) : wanted_(std::move(wanted)) {}

  /// Those of `names` that occur in the text, in the order of the text.
  static std::vector<std::string> find(std::string_view text, const std::vector<std::string>& names);

  /// Writes the value of each key, into its column of `row`; absent keys are left as they are.
  void scan(std::string_view text, std::span<double> row) const noexcept;

 private:
  std::vector<Key> wanted_;
};

}  // namespace tlbstorm::probe
