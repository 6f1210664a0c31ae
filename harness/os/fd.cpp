// SPDX-License-Identifier: Apache-2.0
#include "harness/os/fd.hpp"

#include <unistd.h>

#include <cerrno>

#include "harness/os/error.hpp"

namespace tlbstorm::os {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Fd Fd::open(const std::filesystem::path& path, int flags, mode_t mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) throw SystemError("open", path.native(), errno);
  return Fd(fd);
}

Fd Fd::open_at(const Fd& folder, const std::filesystem::path& path, int flags) {
  const int fd = ::openat(folder.get(), path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) throw SystemError("open", path.native(), errno);
  return Fd(fd);
}

namespace {

std::string read_all(const Fd& fd, const std::filesystem::path& path) {
  std::string text;
  char block[8192];
  for (;;) {
    const ssize_t got = ::read(fd.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw SystemError("read", path.native(), errno);
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string read_text(const std::filesystem::path& path) { return read_all(Fd::open(path, O_RDONLY), path); }

std::optional<std::string> try_read_text(const std::filesystem::path& path) {
  try {
    return read_text(path);
  } catch (const SystemError&) {
    return std::nullopt;
  }
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  const Fd fd = Fd::open(path, O_WRONLY);
  // Kernel files take a value in one write; a short write would be another value.
  const ssize_t put = ::write(fd.get(), text.data(), text.size());
  if (put != static_cast<ssize_t>(text.size()))
    throw SystemError("write", path.native(), put < 0 ? errno : EIO);
}

void write_all(const Fd& fd, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw SystemError("write", path.native(), errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace tlbstorm::os
