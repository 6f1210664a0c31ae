// SPDX-License-Identifier: Apache-2.0
#include "harness/os/user_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/printable.hpp"

namespace tlbstorm::os {

std::string_view special_kind(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "";
    case S_IFDIR:
      return "a folder";
    case S_IFIFO:
      return "a FIFO";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    case S_IFSOCK:
      return "a socket";
    default:
      return "something else";
  }
}

Fd open_user_file(const std::filesystem::path& path) {
  const Fd place = Fd::open(path, O_PATH);
  struct stat facts {};
  if (::fstat(place.get(), &facts) != 0) throw SystemError("stat", path.native(), errno);
  if (const std::string_view kind = special_kind(facts.st_mode); !kind.empty())
    throw Error(fmt::format("{}: {}, not a file", path.native(), kind));
  // The very file that was looked at, not what its path may lead to by now. Files of procfs may still wait.
  Fd file(::open(fmt::format("/proc/self/fd/{}", place.get()).c_str(),
                 O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) throw SystemError("open", path.native(), errno);
  return file;
}

std::string read_user_text(const std::filesystem::path& path, Bytes longest) {
  constexpr std::size_t kBlock = std::size_t{64} << 10;
  const Fd file = open_user_file(path);
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

std::string read_option_text(std::string_view option, const std::filesystem::path& path,
                             const std::string& remedy) {
  std::string text;
  try {
    text = read_user_text(path);
  } catch (const SystemError& error) {
    throw UsageError(option, path.native(), errno_text(error.code()), remedy);
  } catch (const Error& error) {
    throw UsageError(fmt::format("{} {}", option, error.what()), remedy);
  }
  if (!is_utf8(text)) throw UsageError(option, path.native(), "not a text in UTF-8", remedy);
  return text;
}

}  // namespace tlbstorm::os
