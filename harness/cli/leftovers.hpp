// SPDX-License-Identifier: Apache-2.0
// What is said of changes to the machine that are taken back, or could not be.
#pragma once

#include <vector>

#include "harness/os/restore.hpp"

namespace tlbstorm::cli {

/// Says on stderr what could not be undone, and what to do about it. True when there is nothing to say.
bool tell_troubles(const std::vector<os::Trouble>& troubles);

/// Says on stderr what became of what killed runs had left.
void tell_leftovers(const os::Restored& restored);
/// Undoes what earlier, killed runs left, and says so on stderr. Whether all of it was.
bool restore_leftovers();

}  // namespace tlbstorm::cli
