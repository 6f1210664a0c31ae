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

/// The limit of a memory cgroup. Others can change it while it holds, or take it away with the whole
/// controller, and what then runs is another workload.
class MemoryLimit {
 public:
  MemoryLimit() = default;
  /// `file` is v2's memory.max or v1's memory.limit_in_bytes; without a limit it is left as it is. Throws
  /// os::SystemError.
  MemoryLimit(std::filesystem::path file, std::optional<os::Bytes> limit);
  /// What has become of it since; empty when it still holds.
  std::string changed() const;

 private:
  std::filesystem::path file_;
  std::string before_;
};

class Confinement {
 public:
  /// Unconfined: nothing is made.
  Confinement() = default;
  /// Makes a cgroup under `home` with the limit, if there is one. Throws os::SystemError.
  Confinement(os::Journal& journal, const machine::CgroupHome& home, const std::string& name,
              std::optional<os::Bytes> limit);

  /// Moves the calling process into it.
  void join() const;
  /// Whether the calling process is still in it. Nobody but us has a reason to move it, but some do.
  bool holds_us() const;
  /// Why what ran in it was not confined as it should have been; empty when it was.
  std::string broken() const { return limit_.changed(); }
  /// Has the kernel reclaim what it can of it; false when it can't be asked. Linux: v1's memory.force_empty,
  /// v2's memory.reclaim (5.19).
  bool reclaim_all() const;
  /// Processes that the kernel killed for memory in it so far.
  std::uint64_t oom_kills() const;

  const std::filesystem::path& folder() const { return folder_; }
  machine::CgroupVersion version() const { return version_; }

 private:
  machine::CgroupVersion version_ = machine::CgroupVersion::none;
  std::filesystem::path folder_;
  os::Applied controller_;
  os::Applied group_;
  MemoryLimit limit_;
};

}  // namespace tlbstorm::trial
