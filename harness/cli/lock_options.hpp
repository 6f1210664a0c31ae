// SPDX-License-Identifier: Apache-2.0
// The lock of the machine, as the commands that measure take it.
#pragma once

#include <optional>
#include <string>

#include "harness/cli/command.hpp"
#include "harness/os/host_lock.hpp"

namespace tlbstorm::cli {

/// --wait, --wait=10m and --ignore-lock.
struct LockOptions {
  std::optional<os::Nanoseconds> wait;
  bool ignore = false;
};

/// What --wait without a value means.
inline constexpr std::string_view kForever = "forever";

/// Adds them to a command.
void add_lock_options(CLI::App& app, LockOptions& options, const std::string& group = "Options");

/// Takes them out of the arguments of a command that reads its own.
LockOptions take_lock_options(Arguments& arguments);

/// What a command that measures holds while it does.
class MachineLock {
 public:
  /// Takes the lock, or waits for it and says so on stderr. Throws os::UsageError when another holds it.
  explicit MachineLock(const LockOptions& options);

  /// For the manifest: "machine", "user", "inherited", "nobody", or "ignored".
  const std::string& text() const { return text_; }
  /// What a reader of the figures should know of it; empty when there is nothing.
  std::string note() const;

 private:
  std::optional<os::HostLock> lock_;
  std::string text_;
};

}  // namespace tlbstorm::cli
