// SPDX-License-Identifier: Apache-2.0
// Pages to swap, for certain.
#pragma once

#include <cstddef>
#include <span>

namespace tlbstorm::benches {

/// Pushes anonymous pages out to swap until none is in memory. A device writes while we go on, and what it
/// has written stays cached until it is reclaimed once more. Throws os::Error when some are still there after
/// a second.
void push_out(std::span<std::byte> pages);

}  // namespace tlbstorm::benches
