// SPDX-License-Identifier: Apache-2.0
// Memory that a process of its own keeps locked while a run lasts, so that the whole machine runs short and
// kswapd has to work. Killed with this object, and by the kernel with the process that made it.
#pragma once

#include <string>

#include "harness/machine/facts.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::trial {

/// What a ballast must leave available: 1/16 of the machine's memory, and no less than 128 MiB.
os::Bytes ballast_floor(os::Bytes memory);

/// Refuses (os::UsageError) what would leave less than the floor, or what this user may not lock.
os::Bytes check_ballast(os::Bytes size, const std::string& text, const machine::Machine& machine);

class Ballast {
 public:
  /// Locks `size` in steps and looks at what is left before each; returns when all of it is locked. Throws
  /// os::Error when the floor was reached first, or when the kernel refused or killed it. A pending signal
  /// makes it return early.
  Ballast(os::Bytes size, const os::SignalFd& signals);

  pid_t pid() const { return child_.pid(); }
  /// How it ended, if it did: the kernel may kill it for memory. Empty while it holds.
  std::string fate();

 private:
  os::Mapping report_;
  os::Child child_;
};

}  // namespace tlbstorm::trial
