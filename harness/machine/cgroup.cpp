// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/cgroup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "harness/machine/filesystem.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

bool writable(const fs::path& folder) {
  return ::access(folder.c_str(), W_OK) == 0 && ::access((folder / "cgroup.procs").c_str(), W_OK) == 0;
}

bool has_word(std::string_view text, std::string_view word, char separator) {
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (os::trim(text.substr(0, end)) == word) return true;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return false;
}

/// Our path in the hierarchy of `controller` ("" is v2's), from lines "4:memory:/user/x".
std::optional<std::string> own_path(std::string_view own, std::string_view controller) {
  while (!own.empty()) {
    const std::string_view line = os::take_line(own);
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : has_word(controllers, controller, ','))
      return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

/// The folder of a cgroup path below a mount whose root may itself be a cgroup (in a container).
fs::path folder_of(const fs::path& root, const Mount& mount, std::string path) {
  if (mount.root != "/" && (path + "/").starts_with(mount.root + "/")) path.erase(0, mount.root.size());
  const fs::path relative = fs::path(path).relative_path();
  const fs::path top = root / fs::path(mount.mount_point).relative_path();
  return relative.empty() ? top : top / relative;
}

CgroupHome home_v1(const fs::path& root, const Mount& mount, std::string_view own) {
  CgroupHome home;
  home.version = CgroupVersion::v1;
  const fs::path folder = folder_of(root, mount, own_path(own, "memory").value_or("/"));
  if (writable(folder)) {
    home.parent = folder;
  } else {
    home.reason = fmt::format("no memory cgroup (v1) that we may make children in: {}", folder.native());
    home.remedy = "run as root";
  }
  return home;
}

/// v2 allows a cgroup either processes or children with controllers ("no internal processes",
/// Documentation/admin-guide/cgroup-v2.rst), so our own one seldom does: the nearest ancestor that hands
/// memory down.
CgroupHome home_v2(const fs::path& root, const Mount& mount, std::string_view own) {
  CgroupHome home;
  home.version = CgroupVersion::v2;
  const fs::path top = root / fs::path(mount.mount_point).relative_path();
  fs::path folder = folder_of(root, mount, own_path(own, "").value_or("/"));
  for (;; folder = folder.parent_path()) {
    if (hands_memory_down(folder) && writable(folder)) {
      home.parent = folder;
      return home;
    }
    if (folder == top || folder == folder.root_path()) break;
  }
  if (writable(top)) {
    home.parent = top;
    return home;
  }
  home.reason = "no memory cgroup (v2) that we may make children in";
  home.remedy =
      "run as root, or in a delegated cgroup: systemd-run --user --scope -p Delegate=yes tlbstorm ...";
  return home;
}

}  // namespace

bool hands_memory_down(const fs::path& cgroup) {
  const std::string handed_down = os::try_read_text(cgroup / "cgroup.subtree_control").value_or("");
  return has_word(os::trim(handed_down), "memory", ' ');
}

CgroupHome find_cgroup_home(const fs::path& root, std::string_view own, std::string_view mountinfo) {
  const std::vector<Mount> mounts = parse_mountinfo(mountinfo);
  for (const Mount& mount : mounts)
    if (mount.type == "cgroup" && has_word(mount.super_options, "memory", ','))
      return home_v1(root, mount, own);
  for (const Mount& mount : mounts) {
    if (mount.type != "cgroup2") continue;
    const fs::path top = root / fs::path(mount.mount_point).relative_path();
    if (has_word(os::trim(os::try_read_text(top / "cgroup.controllers").value_or("")), "memory", ' '))
      return home_v2(root, mount, own);
  }
  return {CgroupVersion::none,
          {},
          "no cgroup hierarchy with a memory controller is mounted",
          "mount -t cgroup2 none /sys/fs/cgroup, on a kernel with CONFIG_MEMCG"};
}

}  // namespace tlbstorm::machine
