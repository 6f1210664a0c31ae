// SPDX-License-Identifier: Apache-2.0
// What an error shows of a damaged file's text: so little of it, and so plain, that the error stays one line.
#pragma once

#include <string>
#include <string_view>

namespace tlbstorm::record {

inline std::string excerpt(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string shown(text.substr(0, kMost));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return text.size() > kMost ? shown + "..." : shown;
}

}  // namespace tlbstorm::record
