// SPDX-License-Identifier: Apache-2.0
// The options of `tlbstorm run`, as text.
#pragma once

#include <optional>
#include <string>

#include "harness/cli/command.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::cli {

struct RunOptions {
  trial::Options options;  ///< those of the plan, as given
  std::string sweep;       ///< "workers=1..8", or empty
  bool dry_run = false;
  bool quiet = false;
  LockOptions lock;
};

/// Takes the workload's name out of the arguments: the first, or a later one that names a workload when
/// options come before it. Throws os::UsageError.
std::string take_workload(Arguments& arguments);

/// The rest of the arguments. Throws os::UsageError, or CLI::CallForHelp when help was asked for and printed.
RunOptions parse_run_options(const trial::Definition& definition, const Arguments& arguments);

}  // namespace tlbstorm::cli
