// SPDX-License-Identifier: Apache-2.0
// What a campaign shows on standard error while it goes on.
#pragma once

#include <optional>

#include "harness/campaign/follower.hpp"
#include "harness/cli/progress.hpp"

namespace tlbstorm::cli {

class Screen final : public campaign::Follower {
 public:
  /// Quiet: only what went wrong is said.
  explicit Screen(bool quiet) : quiet_(quiet) {}

  void waits_for(const os::LockHolder& holder) override;
  void leftovers(const os::Restored& restored) override;
  void not_undone(const std::vector<os::Trouble>& troubles) override;
  void run_of_batch(const std::string& name, const std::string& workload) override;
  trial::Observer& run_begins(const trial::Plan& plan) override;

 private:
  bool quiet_;
  std::optional<Progress> progress_;
};

}  // namespace tlbstorm::cli
