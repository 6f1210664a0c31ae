// SPDX-License-Identifier: Apache-2.0
// What an error shows of a damaged file's text: so little of it that the error stays one line.
#pragma once

#include <string>
#include <string_view>

#include "harness/os/printable.hpp"

namespace tlbstorm::record {

inline std::string excerpt(std::string_view text) {
  constexpr std::size_t kMost = 60;
  const std::string shown = os::printable_line(text.substr(0, kMost));
  return text.size() > kMost ? shown + "..." : shown;
}

}  // namespace tlbstorm::record
