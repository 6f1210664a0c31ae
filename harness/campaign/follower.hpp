// SPDX-License-Identifier: Apache-2.0
// Who follows a campaign as it goes: cli's shows it on a terminal.
#pragma once

#include <string>
#include <vector>

#include "harness/os/host_lock.hpp"
#include "harness/os/restore.hpp"
#include "harness/trial/observation.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::campaign {

class Follower {
 public:
  virtual ~Follower() = default;
  /// Another run measures this machine, and is waited for.
  virtual void waits_for(const os::LockHolder& /*holder*/) {}
  /// What killed runs had left was undone, or could not be.
  virtual void leftovers(const os::Restored& /*restored*/) {}
  /// What the run that just ended could not undo.
  virtual void not_undone(const std::vector<os::Trouble>& /*troubles*/) {}
  /// The next run of a batch.
  virtual void run_of_batch(const std::string& /*name*/, const std::string& /*workload*/) {}
  /// A run begins. Who sees its trials; holds until the next run begins.
  virtual trial::Observer& run_begins(const trial::Plan& plan) = 0;
};

/// Undoes what killed runs left. Whether all of it was.
bool restore_leftovers(Follower& follower);

}  // namespace tlbstorm::campaign
