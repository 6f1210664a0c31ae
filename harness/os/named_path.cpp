// SPDX-License-Identifier: Apache-2.0
#include "harness/os/named_path.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/printable.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(std::string_view option, const fs::path& path, int error) {
  throw UsageError(option, path.native(), errno_text(error),
                   error == EACCES || error == EPERM ? "name one of yours, or run as root" : "name another");
}

/// What reading a file says of its path, as said of the option that names it.
template <typename Read>
auto for_option(std::string_view option, const fs::path& path, const std::string& remedy, Read read) {
  try {
    return read();
  } catch (const SystemError& error) {
    throw UsageError(option, path.native(), errno_text(error.code()), remedy);
  } catch (const Error& error) {  // begins with the path
    throw UsageError(fmt::format("{} {}", option, error.what()), remedy);
  }
}

/// A file is made in a folder that is there already.
void require_folder_of(std::string_view option, const fs::path& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (nearest_folder(option, folder) != folder) refuse(option, path, ENOENT);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) refuse(option, path, errno);
}

}  // namespace

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISREG(mode)) return "a file";
  if (S_ISLNK(mode)) return "a link";
  return "a device";
}

Fd open_plain_file(const fs::path& path) {
  const Fd place = Fd::open(path, O_PATH);
  struct stat status {};
  if (::fstat(place.get(), &status) != 0) throw SystemError("stat", path.native(), errno);
  if (!S_ISREG(status.st_mode))
    throw Error(fmt::format("{}: {}, not a file", path.native(), kind_of(status.st_mode)));
  // The very file that was looked at, not what its path may lead to by now. Files of procfs may still wait.
  Fd file(::open(fmt::format("/proc/self/fd/{}", place.get()).c_str(),
                 O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) throw SystemError("open", path.native(), errno);
  return file;
}

std::string read_plain_file(const fs::path& path, Bytes longest) {
  constexpr std::size_t kBlock = std::size_t{64} << 10;
  const Fd file = open_plain_file(path);
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kBlock);
    const ssize_t got = ::read(file.get(), text.data() + before, kBlock);
    const int error = errno;
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error != EINTR) throw SystemError("read", path.native(), error);
    if (got == 0) return text;
    if (text.size() > longest.count)
      throw Error(
          fmt::format("{}: longer than {}, not a file of tlbstorm", path.native(), format_size(longest)));
  }
}

Fd open_named_file(std::string_view option, const fs::path& path, const std::string& remedy) {
  return for_option(option, path, remedy, [&] { return open_plain_file(path); });
}

std::string read_named_file(std::string_view option, const fs::path& path, const std::string& remedy) {
  std::string text = for_option(option, path, remedy, [&] { return read_plain_file(path, 1_MiB); });
  if (!is_utf8(text)) throw UsageError(option, path.native(), "not a text in UTF-8", remedy);
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
  require_folder_of(option, path);
}

void check_writable(std::string_view option, const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd) return;
  if (errno == ENXIO) throw UsageError(option, path.native(), "nobody reads it", "name a file");
  if (errno != ENOENT) refuse(option, path, errno);
  require_folder_of(option, path);
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
