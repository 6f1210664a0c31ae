// SPDX-License-Identifier: Apache-2.0
// Work that may change the machine, in a process of its own.
#pragma once

#include <functional>

namespace tlbstorm::benches {

/// Runs `body` in a child, with all that it starts in a process group of its own. However that ends, and on
/// SIGINT, SIGTERM and SIGHUP, which end it, nothing of the group is left running, and what it changed on the
/// machine is undone by its journal, as is what killed runs left before. Returns body's value, 128 + the
/// signal's number, or 1 when something could not be undone, which is said.
int supervised(const std::function<int()>& body);

}  // namespace tlbstorm::benches
