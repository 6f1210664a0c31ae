// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/swap.hpp"

#include <algorithm>
#include <charconv>

#include "harness/os/text.hpp"

namespace tlbstorm::machine {

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
  os::take_line(text);  // the heading
  while (!text.empty()) {
    std::string_view line = os::take_line(text);
    const std::string path = unescape_path(os::take_field(line));
    const std::string type(os::take_field(line));
    const auto size = os::to_number(os::take_field(line));
    const auto used = os::to_number(os::take_field(line));
    const std::string_view priority = os::take_field(line);
    if (path.empty() || !size || !used) continue;
    int value = 0;
    std::from_chars(priority.data(), priority.data() + priority.size(), value);
    areas.push_back({path, type, {*size << 10}, {*used << 10}, value});
  }
  return areas;
}

std::string block_name(const SwapArea& area) {
  if (area.type != "partition") return {};
  constexpr std::string_view kFolder = "/dev/";
  std::string name = area.path.starts_with(kFolder) ? area.path.substr(kFolder.size()) : area.path;
  std::replace(name.begin(), name.end(), '/', '!');
  return name;
}

}  // namespace tlbstorm::machine
