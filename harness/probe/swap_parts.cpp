// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/swap_parts.hpp"

#include <algorithm>

namespace tlbstorm::probe {

Part part_of(const machine::SwapArea& area) { return {"the swap area " + area.path}; }

std::vector<std::string> take_stock_of_swap(std::string_view swaps, std::span<Part> parts) {
  std::vector<std::string> active, came;
  for (const machine::SwapArea& area : machine::parse_swaps(swaps)) active.push_back(part_of(area).name);
  for (Part& part : parts) part.gone |= std::find(active.begin(), active.end(), part.name) == active.end();
  for (std::string& name : active)
    if (std::none_of(parts.begin(), parts.end(),
                     [&](const Part& part) { return !part.gone && part.name == name; }))
      came.push_back(std::move(name));
  return came;
}

}  // namespace tlbstorm::probe
