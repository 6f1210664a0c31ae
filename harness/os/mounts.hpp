// SPDX-License-Identifier: Apache-2.0
// The mounts that this process sees. Format: Documentation/filesystems/proc.rst, section 3.5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/fd.hpp"

namespace tlbstorm::os {

/// One line of /proc/self/mountinfo.
struct Mount {
  int id = 0;
  std::string root;  ///< of the mount within its file system
  std::string mount_point;
  std::string type;
  std::string super_options;
};
std::vector<Mount> parse_mountinfo(std::string_view text);

/// The mount that an open file or folder is on; nothing when it can't be told.
std::optional<Mount> mount_of(const Fd& fd);

}  // namespace tlbstorm::os
