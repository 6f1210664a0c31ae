// SPDX-License-Identifier: Apache-2.0
// --wait and --ignore-lock of the commands that measure.
#pragma once

#include "harness/campaign/machine_lock.hpp"
#include "harness/cli/command.hpp"

namespace tlbstorm::cli {

using campaign::LockOptions;
using campaign::MachineLock;

/// Adds them to a command.
void add_lock_options(CLI::App& app, LockOptions& options, const std::string& group = "Options");
/// Takes them out of the arguments of a command that reads its own.
LockOptions take_lock_options(Arguments& arguments);

}  // namespace tlbstorm::cli
