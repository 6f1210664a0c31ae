// SPDX-License-Identifier: Apache-2.0
// To be preloaded: tells, as it happens, what is made to outlive a power cut and what is removed. A line
// each, to the file or the terminal that TLBSTORM_SYNC_TRACE names: "sync PATH" before fsync(2), "synced
// PATH" after it, "make PATH" once a file has a name, "remove PATH" once one is gone. On a terminal a line is
// out before anything else happens.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace {

std::string path_of(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  return length < 0 ? "" : std::string(path, static_cast<std::size_t>(length));
}

std::string path_at(int folder, const char* name) {
  return folder == AT_FDCWD || name[0] == '/' ? name : path_of(folder) + "/" + name;
}

void tell(const char* what, const std::string& path) {
  const char* const where = ::getenv("TLBSTORM_SYNC_TRACE");
  if (where == nullptr) return;
  const int kept = errno;
  if (const int fd = ::open(where, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0600); fd >= 0) {
    ::dprintf(fd, "%s %s\n", what, path.c_str());
    if (::isatty(fd) != 0) ::tcdrain(fd);
    ::close(fd);
  }
  errno = kept;
}

int told(const char* what, long failed, const std::string& path) {
  if (failed == 0) tell(what, path);
  return static_cast<int>(failed);
}

}  // namespace

extern "C" {

int fsync(int fd) {
  const std::string path = path_of(fd);
  tell("sync", path);
  const long failed = ::syscall(SYS_fsync, fd);
  if (failed == 0) tell("synced", path);
  return static_cast<int>(failed);
}

int unlinkat(int folder, const char* name, int flags) noexcept {
  const std::string path = path_at(folder, name);
  return told("remove", ::syscall(SYS_unlinkat, folder, name, flags), path);
}

int linkat(int from, const char* old, int folder, const char* name, int flags) noexcept {
  const std::string path = path_at(folder, name);
  return told("make", ::syscall(SYS_linkat, from, old, folder, name, flags), path);
}

int rmdir(const char* path) noexcept { return told("remove", ::syscall(SYS_rmdir, path), path); }

}  // extern "C"
