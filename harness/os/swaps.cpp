// SPDX-License-Identifier: Apache-2.0
#include "harness/os/swaps.hpp"

#include <algorithm>
#include <charconv>

#include "harness/os/text.hpp"

namespace tlbstorm::os {

std::string unescape_path(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, code, 8).ptr == text.data() + i + 4) {
      path += static_cast<char>(code);
      i += 3;
    } else {
      path += text[i];
    }
  }
  return path;
}

std::vector<SwapArea> parse_swaps(std::string_view text) {
  std::vector<SwapArea> areas;
  take_line(text);  // the heading
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string path = unescape_path(take_field(line));
    const std::string type(take_field(line));
    const auto size = to_number(take_field(line));
    const auto used = to_number(take_field(line));
    const std::string_view priority = take_field(line);
    if (path.empty() || !size || !used) continue;
    int value = 0;
    std::from_chars(priority.data(), priority.data() + priority.size(), value);
    areas.push_back({path, type, {*size << 10}, {*used << 10}, value});
  }
  return areas;
}

}  // namespace tlbstorm::os
