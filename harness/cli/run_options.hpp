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

/// The rest of the arguments, in layers: what a later one says counts, while one layer must not contradict
/// itself. Those of a --config stand right below the layer that names it. Throws os::UsageError, or
/// CLI::CallForHelp when help was asked for and printed.
RunOptions parse_run_options(const trial::Definition& definition, const std::vector<Arguments>& layers);

/// The command that makes a run of these options.
Arguments command_of(const trial::Definition& definition, const trial::Options& options);

}  // namespace tlbstorm::cli
