// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/swap.hpp"

#include <algorithm>

namespace tlbstorm::machine {

std::string block_name(const SwapArea& area) {
  if (area.type != "partition") return {};
  constexpr std::string_view kFolder = "/dev/";
  std::string name = area.path.starts_with(kFolder) ? area.path.substr(kFolder.size()) : area.path;
  std::replace(name.begin(), name.end(), '/', '!');
  return name;
}

}  // namespace tlbstorm::machine
