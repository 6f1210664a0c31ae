// SPDX-License-Identifier: Apache-2.0
// File descriptors that close themselves, and whole-file reads and writes for procfs, sysfs and cgroupfs.
// Throws SystemError with the path and the operation.
#pragma once

#include <fcntl.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tlbstorm::os {

/// Owns one file descriptor. Movable, not copyable.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }

  /// Opens a path; O_CLOEXEC is always added.
  static Fd open(const std::filesystem::path& path, int flags, mode_t mode = 0);
  /// Opens a path relative to a folder.
  static Fd open_at(const Fd& folder, const std::filesystem::path& path, int flags);

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

/// The whole text of a file, for one-time facts. (A probe keeps its file open and uses TextFile.)
std::string read_text(const std::filesystem::path& path);
/// The same, or nothing when the file is missing or unreadable.
std::optional<std::string> try_read_text(const std::filesystem::path& path);
/// Writes into an existing kernel file in one write(2).
void write_text(const std::filesystem::path& path, std::string_view text);
/// Writes all of it to a descriptor; `path` names it in an error.
void write_all(const Fd& fd, std::string_view text, const std::filesystem::path& path);

}  // namespace tlbstorm::os
