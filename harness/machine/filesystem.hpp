// SPDX-License-Identifier: Apache-2.0
// What file system a path is on: some keep their pages in memory only, where nothing can be reclaimed to.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/units.hpp"

namespace tlbstorm::machine {

struct FileSystem {
  std::string type;  ///< "ext4"
  std::string mount_point;
  os::Bytes free;          ///< to us
  bool in_memory = false;  ///< tmpfs and its like
};

/// One line of /proc/self/mountinfo. Format: Documentation/filesystems/proc.rst, section 3.5.
struct Mount {
  std::string root;  ///< of the mount within its file system
  std::string mount_point;
  std::string type;
  std::string super_options;
};
std::vector<Mount> parse_mountinfo(std::string_view text);

/// Of an existing file or folder. Throws os::SystemError.
FileSystem file_system_of(const std::filesystem::path& path);

}  // namespace tlbstorm::machine
