// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/screen.hpp"

#include "harness/cli/console.hpp"
#include "harness/cli/leftovers.hpp"

namespace tlbstorm::cli {

void Screen::waits_for(const os::LockHolder& holder) { say("tlbstorm: waiting for {}\n", holder.text()); }

void Screen::leftovers(const os::Restored& restored) { tell_leftovers(restored); }

void Screen::not_undone(const std::vector<os::Trouble>& troubles) { tell_troubles(troubles); }

void Screen::run_of_batch(const std::string& name, const std::string& workload) {
  if (!quiet_) show("{}: {}\n", name, workload);
}

trial::Observer& Screen::run_begins(const trial::Plan& plan) { return progress_.emplace(plan, quiet_); }

}  // namespace tlbstorm::cli
