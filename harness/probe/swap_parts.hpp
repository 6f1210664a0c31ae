// SPDX-License-Identifier: Apache-2.0
// Swap areas as parts of a probe. Others may swap on and off while a run lasts: an area that is off is gone,
// though its device may still be there, for something else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/machine/swap.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

Part part_of(const machine::SwapArea& area);

/// Marks those that are not in the text of /proc/swaps, and returns the areas there that are none of them.
std::vector<std::string> take_stock_of_swap(std::string_view swaps, std::span<Part> parts);

}  // namespace tlbstorm::probe
