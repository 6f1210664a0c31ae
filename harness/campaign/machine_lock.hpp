// SPDX-License-Identifier: Apache-2.0
// The lock of the machine, as whatever measures takes it.
#pragma once

#include <optional>
#include <string>

#include "harness/campaign/follower.hpp"
#include "harness/os/host_lock.hpp"
#include "harness/trial/option.hpp"

namespace tlbstorm::campaign {

/// --wait, --wait=10m and --ignore-lock.
struct LockOptions {
  std::optional<os::Nanoseconds> wait;
  bool ignore = false;
};

/// From the options of a command. Throws os::UsageError.
LockOptions lock_options(const trial::Options& command);
/// What --wait stands for.
os::Nanoseconds patience(const std::string& text);

/// What a command that measures holds while it does.
class MachineLock {
 public:
  /// Takes the lock, or waits for it. Throws os::UsageError when another holds it.
  MachineLock(const LockOptions& options, Follower& follower);

  /// For the manifest: "machine", "user", "inherited", "nobody", or "ignored".
  const std::string& text() const { return text_; }
  /// What a reader of the figures should know of it; empty when there is nothing.
  std::string note() const;

 private:
  std::optional<os::HostLock> lock_;
  std::string text_;
};

}  // namespace tlbstorm::campaign
