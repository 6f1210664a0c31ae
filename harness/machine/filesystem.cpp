// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/filesystem.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "harness/machine/swap.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

constexpr std::array<std::string_view, 5> kInMemory{"tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs"};

bool is_below(const std::string& path, const std::string& folder) {
  return folder == "/" || path == folder || path.starts_with(folder + "/");
}

}  // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = os::take_line(text);
    Mount mount;
    for (int skipped = 0; skipped < 3; ++skipped) os::take_field(line);  // id, parent, device
    mount.root = unescape_path(os::take_field(line));
    mount.mount_point = unescape_path(os::take_field(line));
    while (!line.empty() && os::take_field(line) != "-") {  // options and optional fields end at a dash
    }
    mount.type = os::take_field(line);
    os::take_field(line);  // source
    mount.super_options = os::take_field(line);
    if (!mount.mount_point.empty() && !mount.type.empty()) mounts.push_back(std::move(mount));
  }
  return mounts;
}

FileSystem file_system_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error);
  if (error) throw os::SystemError("look up", path.native(), error.value());
  FileSystem found;
  // A later mount covers an earlier one at the same place.
  for (const Mount& mount : parse_mountinfo(os::read_text("/proc/self/mountinfo")))
    if (is_below(real, mount.mount_point) && mount.mount_point.size() >= found.mount_point.size()) {
      found.type = mount.type;
      found.mount_point = mount.mount_point;
    }
  struct statvfs space {};
  if (::statvfs(real.c_str(), &space) != 0) throw os::SystemError("statvfs", real, errno);
  found.free = os::Bytes{space.f_bavail} * space.f_frsize;
  found.in_memory = std::find(kInMemory.begin(), kInMemory.end(), found.type) != kInMemory.end();
  return found;
}

}  // namespace tlbstorm::machine
