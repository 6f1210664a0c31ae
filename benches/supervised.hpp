// SPDX-License-Identifier: Apache-2.0
// Work that may change the machine, in a process of its own.
#pragma once

#include <functional>

namespace tlbstorm::benches {

/// Runs `body` in a child. However that ends, and on SIGINT, SIGTERM and SIGHUP, which end it, what it
/// changed on the machine is undone by its journal. Returns body's value, or 128 + the signal's number.
int supervised(const std::function<int()>& body);

}  // namespace tlbstorm::benches
