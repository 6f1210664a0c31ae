// SPDX-License-Identifier: Apache-2.0
#include "harness/os/named_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness/os/error.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostText = 1_MiB;

[[noreturn]] void refuse(std::string_view option, const fs::path& path, int error) {
  throw UsageError(option, path.native(), errno_text(error),
                   error == EACCES || error == EPERM ? "name one of yours, or run as root" : "name another");
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISREG(mode)) return "a file";
  if (S_ISLNK(mode)) return "a link";
  return "a device";
}

}  // namespace

Fd open_named_file(std::string_view option, const fs::path& path, int flags) {
  // Looked at before it is opened, which is not without effect on some devices, and once more after that.
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) refuse(option, path, errno);
  const auto check = [&] {
    if (!S_ISREG(status.st_mode))
      throw UsageError(option, path.native(), std::string(kind_of(status.st_mode)) + ", not a file",
                       "name a regular file");
  };
  check();
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd || ::fstat(fd.get(), &status) != 0) refuse(option, path, errno);
  check();
  return fd;
}

std::string read_named_file(std::string_view option, const fs::path& path) {
  const Fd fd = open_named_file(option, path, O_RDONLY);
  std::string text(kMostText.count + 1, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<std::size_t>(got))
    if (got = ::read(fd.get(), text.data() + size, text.size() - size); got < 0) refuse(option, path, errno);
  if (size > kMostText.count)
    throw UsageError(option, path.native(), "more than 1 MiB: not written by hand", "name a text file");
  text.resize(size);
  return text;
}

bool is_there(std::string_view option, const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT) refuse(option, path, errno);
  return false;
}

void require_there(std::string_view option, const fs::path& path, const std::string& remedy) {
  struct stat status {};
  if (!is_there(option, path)) throw UsageError(option, path.native(), "there is nothing", remedy);
  if (::stat(path.c_str(), &status) != 0) refuse(option, path, errno);
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
    throw UsageError(option, path.native(), std::string(kind_of(status.st_mode)), remedy);
}

void check_place_of_file(std::string_view option, const fs::path& path) {
  struct stat status {};
  if (is_there(option, path) && ::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw UsageError(option, path.native(),
                     std::string(kind_of(status.st_mode)) + ", which would be replaced",
                     "name a new file, or a regular one");
  if (::access(nearest_folder(option, fs::absolute(path).parent_path()).c_str(), W_OK | X_OK) != 0)
    refuse(option, path, errno);
}

void check_writable(std::string_view option, const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd) return;
  if (errno == ENXIO) throw UsageError(option, path.native(), "nobody reads it", "name a file");
  if (errno != ENOENT) refuse(option, path, errno);
  const fs::path folder = fs::absolute(path).parent_path();
  if (nearest_folder(option, folder) != folder) refuse(option, path, ENOENT);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) refuse(option, path, errno);
}

fs::path nearest_folder(std::string_view option, const fs::path& path) {
  fs::path folder = fs::absolute(path);
  for (; !is_there(option, folder) && folder != folder.parent_path(); folder = folder.parent_path()) {
  }
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) refuse(option, path, errno);  // a link that leads nowhere
  if (!S_ISDIR(status.st_mode))
    throw UsageError(option, path.native(),
                     folder.native() + " is " + std::string(kind_of(status.st_mode)) + ", not a folder",
                     "name a folder, or one that can be made");
  return folder;
}

}  // namespace tlbstorm::os
