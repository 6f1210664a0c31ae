// SPDX-License-Identifier: Apache-2.0
// What file system a path is on: some keep their pages in memory only, where nothing can be reclaimed to.
#pragma once

#include <filesystem>
#include <string>

#include "harness/os/mounts.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::machine {

struct FileSystem {
  std::string type;  ///< "ext4"
  std::string mount_point;
  os::Bytes free;          ///< to us
  bool in_memory = false;  ///< tmpfs and its like
};

using os::Mount;
using os::parse_mountinfo;

/// Of an existing file or folder. Throws os::SystemError.
FileSystem file_system_of(const std::filesystem::path& path);

}  // namespace tlbstorm::machine
