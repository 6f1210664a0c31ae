// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/filesystem.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"

namespace tlbstorm::machine {
namespace {

constexpr std::array<std::string_view, 5> kInMemory{"tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs"};

bool is_below(const std::string& path, const std::string& folder) {
  return folder == "/" || path == folder || path.starts_with(folder + "/");
}

}  // namespace

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
