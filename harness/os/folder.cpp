// SPDX-License-Identifier: Apache-2.0
#include "harness/os/folder.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "harness/os/error.hpp"
#include "harness/os/mounts.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOwnFolder = "name a folder of your own";

struct stat status_of(const Fd& fd, const fs::path& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw SystemError("stat", path.native(), errno);
  return status;
}

std::string user_name(uid_t user) {
  const passwd* const entry = ::getpwuid(user);
  return entry == nullptr ? fmt::format("user {}", user) : entry->pw_name;
}

/// File systems that know no owners, or change them on the way, are why some folders can't be ours.
std::string mount_text(const Fd& fd) {
  const auto mount = mount_of(fd);
  return mount ? fmt::format(" ({} mounted on {})", mount->type, mount->mount_point) : "";
}

/// Whether a group has no member but the user: it bears its name, as adduser(8) makes them.
bool is_private_group(gid_t group, uid_t user) {
  const passwd* const owner = ::getpwuid(user);
  if (owner == nullptr || owner->pw_gid != group) return false;
  const std::string name = owner->pw_name;
  const ::group* const entry = ::getgrgid(group);
  if (entry == nullptr || entry->gr_name != name) return false;
  for (char** member = entry->gr_mem; *member != nullptr; ++member)
    if (*member != name) return false;
  return true;
}

void require_ours(const Fd& fd, const fs::path& path) {
  const struct stat status = status_of(fd, path);
  if (status.st_uid != ::geteuid() && status.st_uid != 0)
    throw Error(fmt::format("{}: this folder belongs to {}, not to {}{}", path.native(),
                            user_name(status.st_uid), user_name(::geteuid()), mount_text(fd)),
                kOwnFolder);
  const bool by_group = (status.st_mode & S_IWGRP) != 0 && !is_private_group(status.st_gid, status.st_uid);
  if ((status.st_mode & S_IWOTH) != 0 || by_group)
    throw Error(fmt::format("{}: others may write in this folder (mode {:04o}){}", path.native(),
                            status.st_mode & 07777, mount_text(fd)),
                fmt::format("chmod go-w {}, or {}", path.native(), kOwnFolder));
}

/// Opens one part of a path, and says what is wrong with it if it can't be.
Fd step(const Fd& at, const std::string& part, int flags, const fs::path& path) {
  Fd next(::openat(at.get(), part.c_str(), flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (next) return next;
  const int error = errno;
  struct stat status {};
  if (::fstatat(at.get(), part.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode)) {
    std::error_code ignored;
    throw Error(fmt::format("{}: {} is a link, and links are not followed here", path.native(), part),
                fmt::format("give the real path: {}", fs::weakly_canonical(path, ignored).native()));
  }
  throw SystemError("open the folder", path.native(), error,
                    error == ENOTDIR ? fmt::format("{} is not a folder", part) : "");
}

bool make_part(const Fd& at, const std::string& part, const fs::path& path) {
  if (::mkdirat(at.get(), part.c_str(), 0700) == 0) return true;
  if (errno != EEXIST) throw SystemError("make the folder", path.native(), errno, kOwnFolder);
  return false;
}

bool is_missing(const Fd& at, const std::string& part) {
  return ::faccessat(at.get(), part.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/// A path that was opened part by part, so that no link in it was followed.
struct Walked {
  Fd fd;
  bool made = false;     ///< the last part
  bool missing = false;  ///< a part is, and `fd` is of the one before
};

/// What to do about parts that are missing.
enum class Missing { fail, make, stop };

Walked walk(const fs::path& path, Missing then, mode_t mode = 0) {
  if (path.empty()) throw SystemError("open the folder", path.native(), ENOENT);
  std::vector<std::string> parts;
  for (const fs::path& part : path.relative_path())
    if (!part.empty() && part != ".") parts.push_back(part);
  Walked at{Fd::open(path.is_absolute() ? "/" : ".", (parts.empty() ? O_RDONLY : O_PATH) | O_DIRECTORY)};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const bool missing = then != Missing::fail && is_missing(at.fd, parts[i]);
    if (missing && then == Missing::stop) return {std::move(at.fd), false, true};
    at.made = missing && make_part(at.fd, parts[i], path);
    Fd next = step(at.fd, parts[i], last || at.made ? O_RDONLY : O_PATH, path);
    if (at.made && ::fchmod(next.get(), last ? mode : 0755) != 0)
      throw SystemError("chmod", path.native(), errno);
    at.fd = std::move(next);
  }
  return at;
}

void set_mode(const Fd& fd, mode_t mode, const fs::path& path) {
  // EPERM: a file system without modes; its folder was found to be ours.
  if (::fchmod(fd.get(), mode) != 0 && errno != EPERM) throw SystemError("chmod", path.native(), errno);
}

std::string through_proc(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

}  // namespace

Folder Folder::open(const fs::path& path) {
  Fd fd = walk(path, Missing::fail).fd;
  require_ours(fd, path);
  return Folder(std::move(fd), path);
}

Folder Folder::make(const fs::path& path, mode_t mode) {
  Walked opened = walk(path, Missing::make, mode);
  try {
    require_ours(opened.fd, path);
  } catch (const Error&) {
    if (opened.made) ::rmdir(path.c_str());  // a file system that gave our folder to someone else
    throw;
  }
  return Folder(std::move(opened.fd), path);
}

void Folder::check(const fs::path& path) {
  if (const Walked opened = walk(path, Missing::stop); !opened.missing) require_ours(opened.fd, path);
}

Fd Folder::create(const std::string& name, mode_t mode) const {
  Fd fd(::openat(fd_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw SystemError("make", (path_ / name).native(), errno);
  set_mode(fd, mode, path_ / name);
  return fd;
}

Fd Folder::create_unnamed(mode_t mode) const {
  Fd fd(::openat(fd_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd)
    throw SystemError("make a file without a name in", path_.native(), errno,
                      "name a folder on ext4, xfs, btrfs or another file system with O_TMPFILE");
  set_mode(fd, mode, path_);
  return fd;
}

void Folder::give_name(const Fd& unnamed, const std::string& name) const {
  if (::linkat(AT_FDCWD, through_proc(unnamed).c_str(), fd_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0)
    throw SystemError("name the file", (path_ / name).native(), errno);
}

void Folder::replace(const std::string& name, std::string_view text, mode_t mode) const {
  const std::string beside = name + ".new";
  remove(beside);  // of a run that was killed
  try {
    const Fd fd = create(beside, mode);
    write_all(fd, text, path_ / beside);
    if (::fsync(fd.get()) != 0) throw SystemError("fsync", (path_ / beside).native(), errno);
    if (::renameat(fd_.get(), beside.c_str(), fd_.get(), name.c_str()) != 0)
      throw SystemError("rename", (path_ / name).native(), errno);
  } catch (const SystemError&) {
    ::unlinkat(fd_.get(), beside.c_str(), 0);
    throw;
  }
}

std::optional<Fd> Folder::find(const std::string& name, int flags) const {
  // O_NONBLOCK: nobody may be at the other end of a FIFO.
  Fd fd(::openat(fd_.get(), name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) throw SystemError("open", (path_ / name).native(), errno);
  if (!S_ISREG(status_of(fd, path_ / name).st_mode))
    throw Error(fmt::format("{}: not a regular file", (path_ / name).native()));
  return fd;
}

bool Folder::remove(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  throw SystemError("remove", (path_ / name).native(), errno);
}

bool Folder::is_empty() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(through_proc(fd_).c_str()), &::closedir);
  if (!entries) throw SystemError("read the folder", path_.native(), errno);
  while (const dirent* const entry = ::readdir(entries.get()))
    if (const std::string_view name = entry->d_name; name != "." && name != "..") return false;
  return true;
}

void Folder::sync() const {
  if (::fsync(fd_.get()) != 0) throw SystemError("fsync", path_.native(), errno);
}

fs::path Folder::real_path() const {
  std::error_code error;
  fs::path real = fs::read_symlink(through_proc(fd_), error);
  if (error) throw SystemError("look up", path_.native(), error.value());
  return real;
}

void write_named_file(const fs::path& path, std::string_view text) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw Error(fmt::format("{}: there is something that is not a regular file", path.native()),
                "name a new file");
  std::string beside = path.native() + ".XXXXXX";
  const Fd fd(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fd) throw SystemError("make a file beside", path.native(), errno);
  try {
    set_mode(fd, 0644, beside);
    write_all(fd, text, path);
    if (::fsync(fd.get()) != 0) throw SystemError("fsync", path.native(), errno);
    if (::rename(beside.c_str(), path.c_str()) != 0) throw SystemError("rename", path.native(), errno);
  } catch (const SystemError&) {
    ::unlink(beside.c_str());
    throw;
  }
}

}  // namespace tlbstorm::os
