// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/machine_lock.hpp"

#include "harness/os/units.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::campaign {
namespace {

std::string text_of(os::HostLock::Reach reach) {
  switch (reach) {
    case os::HostLock::Reach::machine:
      return "machine";
    case os::HostLock::Reach::user:
      return "user";
    case os::HostLock::Reach::inherited:
      return "inherited";
    case os::HostLock::Reach::nobody:
      break;
  }
  return "nobody";
}

}  // namespace

os::Nanoseconds patience(const std::string& text) {
  return text == trial::kForever ? os::Nanoseconds::max() : os::parse_duration("--wait", text);
}

LockOptions lock_options(const trial::Options& command) {
  LockOptions options;
  if (const auto wait = command.find("wait"); wait != command.end()) options.wait = patience(wait->second);
  if (const auto ignore = command.find("ignore-lock"); ignore != command.end())
    options.ignore = ignore->second == "true";
  return options;
}

MachineLock::MachineLock(const LockOptions& options, Follower& follower) {
  if (options.ignore) {
    text_ = "ignored";
    return;
  }
  lock_ = os::HostLock::take(options.wait.value_or(os::Nanoseconds{0}),
                             [&](const os::LockHolder& holder) { follower.waits_for(holder); });
  text_ = text_of(lock_->reach());
}

std::string MachineLock::note() const {
  if (text_ == "ignored")
    return "other runs were not kept away (--ignore-lock): no verdict on these figures is sure";
  if (text_ == "user")
    return "runs of other users were not kept away: root never made the lock of this machine";
  if (text_ == "nobody") return "other runs were not kept away: there was no place for a lock";
  return "";
}

}  // namespace tlbstorm::campaign
