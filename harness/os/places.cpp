// SPDX-License-Identifier: Apache-2.0
#include "harness/os/places.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/os/error.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

/// A folder of the environment; one that is not absolute is none (XDG Base Directory Specification).
fs::path folder_in(const char* variable) {
  const char* const folder = std::getenv(variable);
  return folder != nullptr && *folder == '/' ? folder : "";
}

fs::path home(const char* ours) {
  if (fs::path folder = folder_in("HOME"); !folder.empty()) return folder;
  const passwd* const user = ::getpwuid(::geteuid());
  if (user != nullptr && user->pw_dir != nullptr && *user->pw_dir == '/') return user->pw_dir;
  throw Error("this user has no home to keep anything in",
              std::string("set ") + ours + " to a folder of yours, on a disk");
}

/// Whose is set first: ours (any path), root's, that of the XDG specification, or one in the user's home.
fs::path place(const char* ours, const char* of_root, const char* xdg, const char* in_home) {
  if (const char* const folder = std::getenv(ours); folder != nullptr && *folder != '\0') return folder;
  if (::geteuid() == 0) return of_root;
  if (const fs::path folder = folder_in(xdg); !folder.empty()) return folder / "tlbstorm";
  return home(ours) / in_home / "tlbstorm";
}

}  // namespace

fs::path state_folder() {
  return place("TLBSTORM_STATE_DIR", "/var/lib/tlbstorm", "XDG_STATE_HOME", ".local/state");
}

fs::path data_folder() {
  return place("TLBSTORM_DATA_DIR", "/var/cache/tlbstorm", "XDG_CACHE_HOME", ".cache");
}

std::string own_name() { return fmt::format("tlbstorm-{}", ::getpid()); }

}  // namespace tlbstorm::os
