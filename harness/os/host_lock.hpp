// SPDX-License-Identifier: Apache-2.0
// One measuring run at a time on a machine: the counters are the machine's own, so two runs at once are two
// spoilt runs, and neither could put back what both have changed. Held under flock(2), so that it ends with
// its holder, however that ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// Who holds the lock, as far as the kernel tells (/proc/locks, /proc/PID), never by what stands in the file.
struct LockHolder {
  pid_t pid = 0;        ///< 0: not to be seen from here
  std::string command;  ///< its command line
  Nanoseconds age{};    ///< of the process
  /// "tlbstorm run pageout (pid 12), since 3 min", for messages.
  std::string text() const;
};

class HostLock {
 public:
  /// Of whom the lock keeps away.
  enum class Reach {
    machine,    ///< everyone who looks at the same /run
    user,       ///< this user's own runs: root never made the machine's lock
    inherited,  ///< an ancestor of this process holds it
    nobody,     ///< there is no place for a lock
  };
  /// Where locks may be: the machine's own first. Root makes that one; others use it if it is there.
  struct Places {
    std::filesystem::path machine;
    std::vector<std::filesystem::path> own;  ///< folders of the user
    Places();                                ///< the real ones
  };

  /// Takes it if it is free, or waits for it as long as `patience` says; a holder that is dying is waited for
  /// in any case. Before it waits it calls `waits` with the holder. Throws UsageError that names the holder
  /// when the lock can't be had; Error when the machine's lock is no lock of root's.
  static HostLock take(Nanoseconds patience, const std::function<void(const LockHolder&)>& waits,
                       const Places& places = Places());

  Reach reach() const { return reach_; }

 private:
  HostLock(Fd file, Reach reach) : file_(std::move(file)), reach_(reach) {}
  Fd file_;
  Reach reach_ = Reach::nobody;
};

/// Who holds the flock of an open file; nothing when nobody does.
std::optional<LockHolder> holder_of(const Fd& file);

}  // namespace tlbstorm::os
