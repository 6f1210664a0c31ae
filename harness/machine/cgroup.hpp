// SPDX-License-Identifier: Apache-2.0
// Where this process may make a cgroup that limits memory, v1 or v2.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tlbstorm::machine {

enum class CgroupVersion { none, v1, v2 };

struct CgroupHome {
  CgroupVersion version = CgroupVersion::none;
  std::filesystem::path parent;  ///< the folder to make one in; empty when there is none
  std::string reason;            ///< why there is none
  std::string remedy;
};

/// Whether a cgroup of v2 gives its children the memory controller. A home that is v2's root may not do so
/// yet.
bool hands_memory_down(const std::filesystem::path& cgroup);

/// `own` is /proc/self/cgroup, `mountinfo` /proc/self/mountinfo; `root` stands before every path that is
/// looked at.
CgroupHome find_cgroup_home(const std::filesystem::path& root, std::string_view own,
                            std::string_view mountinfo);

}  // namespace tlbstorm::machine
