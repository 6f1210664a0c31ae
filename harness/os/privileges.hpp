// SPDX-License-Identifier: Apache-2.0
// Gives up what a process does not need: capabilities, new privileges, open files.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace tlbstorm::os {

/// From now on this thread, and those and the processes that it makes, have no capability but those of `kept`
/// (linux/capability.h) that they have now, and can't get others: not by exec(2) either. Throws SystemError.
void keep_only_capabilities(std::span<const int> kept);

/// "cap_ipc_lock".
std::vector<std::string> capability_names(std::span<const int> capabilities);

/// Closes all descriptors above stderr but those. What is closed may still be owned by objects, which must
/// not be destroyed: for a forked process that ends with _exit(2).
void close_files_but(std::span<const int> kept);

}  // namespace tlbstorm::os
