// SPDX-License-Identifier: Apache-2.0
// The fence around a trial: a memory cgroup of its own, v1 or v2, made through the journal and removed with
// this object.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harness/machine/cgroup.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::trial {

class Confinement {
 public:
  /// Unconfined: nothing is made.
  Confinement() = default;
  /// Makes a cgroup under `home` with the limit, if there is one. Throws os::SystemError.
  Confinement(os::Journal& journal, const machine::CgroupHome& home, const std::string& name,
              std::optional<os::Bytes> limit);

  /// Moves the calling process into it.
  void join() const;
  /// Has the kernel reclaim what it can of it; false when it can't be asked. Linux: v1's memory.force_empty,
  /// v2's memory.reclaim (5.19).
  bool reclaim_all() const;
  /// Processes that the kernel killed for memory in it so far.
  std::uint64_t oom_kills() const;

  const std::filesystem::path& folder() const { return folder_; }
  machine::CgroupVersion version() const { return version_; }

 private:
  void limit_memory(os::Bytes limit) const;

  machine::CgroupVersion version_ = machine::CgroupVersion::none;
  std::filesystem::path folder_;
  os::Applied controller_;
  os::Applied group_;
};

}  // namespace tlbstorm::trial
