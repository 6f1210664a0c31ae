// SPDX-License-Identifier: Apache-2.0
// Files, folders and cgroups that we made. A journal is a text file: a wrong line in it must not cost anyone
// theirs, so the name has to be ours, and the thing the one that was made.
#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "harness/os/error.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/text.hpp"
#include "harness/os/undo.hpp"

namespace tlbstorm::os::undoing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAnothers = "it is not the one that we made";

bool has_own_name(const fs::path& path) {
  return path.filename().native().find("tlbstorm-") != std::string::npos;
}

/// A journal of an older version, or of a run that was killed while it made the thing, has no proof.
bool is_the_same(const Change& change, const std::string& found, bool same_boot) {
  return change.proof.empty() || same_identity(change.proof, found, same_boot);
}

mode_t kind_at(const Folder& folder, const std::string& name) {
  struct stat status {};
  if (::fstatat(folder.fd().get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
    return status.st_mode & S_IFMT;
  if (errno == ENOENT) return 0;
  throw SystemError("stat", (folder / name).native(), errno);
}

/// The folder that the thing is in; none when it is gone, and the thing with it.
Folder folder_of(const fs::path& path) {
  try {
    return Folder::open(path.parent_path());
  } catch (const SystemError& error) {
    if (error.code() != ENOENT && error.code() != ENOTDIR) throw;
    return {};
  }
}

/// A power cut would bring it back, when the journal that knows it has gone.
Undone gone_for_good(const fs::path& path) {
  const Fd parent = Fd::open(path.parent_path(), O_RDONLY | O_DIRECTORY);
  if (::fsync(parent.get()) != 0) throw SystemError("fsync", path.parent_path().native(), errno);
  return undone();
}

void kill_members(const std::string& cgroup) {
  const std::string members = try_read_text(cgroup + "/cgroup.procs").value_or("");
  std::string_view rest = members;
  while (!rest.empty())
    if (const auto pid = to_number(take_line(rest)); pid && *pid != 0)
      ::kill(static_cast<pid_t>(*pid), SIGKILL);
}

bool is_cgroup(const std::string& path) {
  struct statfs facts {};
  return ::statfs(path.c_str(), &facts) == 0 &&
         (facts.f_type == CGROUP_SUPER_MAGIC || facts.f_type == CGROUP2_SUPER_MAGIC);
}

}  // namespace

Undone file(const Change& change, bool same_boot) {
  const fs::path path = change.target;
  if (!has_own_name(path)) return not_ours("its name is none that tlbstorm gives");
  const Folder folder = folder_of(path);
  const std::string name = path.filename();
  const mode_t kind = folder ? kind_at(folder, name) : 0;
  if (kind == 0) {
    const bool elsewhere = !change.before.empty() &&
                           !(folder && same_identity(change.before, identity_of(folder.fd()), same_boot));
    return elsewhere ? given_up("its file system is not mounted now: mount it, and remove the file")
                     : nothing();
  }
  if (kind != S_IFREG) return not_ours("it is not a regular file");
  if (!is_the_same(change, identity_at(folder.fd().get(), name), same_boot)) return not_ours(kAnothers);
  folder.remove(name);
  folder.sync();  // or a power cut brings it back when the journal that knows it has gone
  return undone();
}

Undone folder(const Change& change, bool same_boot) {
  const fs::path path = change.target;
  if (!has_own_name(path)) return not_ours("its name is none that tlbstorm gives");
  const std::string found = identity_at(AT_FDCWD, path);
  if (found.empty()) return nothing();
  // Its parent may be a folder of all users. One that was being made when its maker was killed is empty.
  if (change.proof.empty() && ::rmdir(path.c_str()) == 0) return gone_for_good(path);
  if (!same_identity(change.proof, found, same_boot)) return not_ours(kAnothers);
  std::error_code error;
  fs::remove_all(path, error);  // goes by descriptors, and follows no links
  if (error) throw SystemError("remove", path.native(), error.value());
  return gone_for_good(path);
}

/// Kills what is left in the cgroup (only what we put there can be) and waits until the kernel lets it go.
Undone cgroup(const Change& change) {
  using namespace std::chrono_literals;
  const std::string& path = change.target;
  if (!has_own_name(path)) return not_ours("its name is none that tlbstorm gives");
  const std::string found = identity_at(AT_FDCWD, path);
  if (found.empty()) return nothing();
  if (!is_cgroup(path) || !is_the_same(change, found, true)) return not_ours(kAnothers);
  for (int attempt = 0; attempt < 250; ++attempt) {
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return undone();
    if (errno != EBUSY) throw SystemError("rmdir", path, errno);
    kill_members(path);
    std::this_thread::sleep_for(20ms);
  }
  throw SystemError("rmdir", path, EBUSY, fmt::format("see {}/cgroup.procs for what is still in it", path));
}

}  // namespace tlbstorm::os::undoing
