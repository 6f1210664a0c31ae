// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/swap.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "harness/os/fd.hpp"
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

std::size_t most_swap_areas(std::string_view kernel_config) {
  struct Taken {
    std::string_view option;
    std::size_t entries;
  };
  static constexpr std::array<Taken, 3> kTaken{
      {{"CONFIG_MIGRATION", 3}, {"CONFIG_MEMORY_FAILURE", 1}, {"CONFIG_DEVICE_PRIVATE", 4}}};
  std::size_t most = kernel_config.empty() ? 32 : 31;  // one is for markers in page tables, since Linux 5.19
  for (const auto& [option, entries] : kTaken)
    if (os::find_value(kernel_config, option, '=') == "y") most -= entries;
  return most;
}

std::vector<std::string> zram_algorithms(const std::filesystem::path& block) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& device : std::filesystem::directory_iterator(block, error)) {
    if (!device.path().filename().native().starts_with("zram")) continue;
    const std::string text = os::try_read_text(device.path() / "comp_algorithm").value_or("");
    std::string_view rest = os::trim(text);
    while (!rest.empty()) {
      std::string name(os::take_field(rest));
      std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
      names.push_back(std::move(name));
    }
    if (!names.empty()) break;
  }
  return names;
}

std::string block_name(const SwapArea& area) {
  if (area.type != "partition") return {};
  constexpr std::string_view kFolder = "/dev/";
  std::string name = area.path.starts_with(kFolder) ? area.path.substr(kFolder.size()) : area.path;
  std::replace(name.begin(), name.end(), '/', '!');
  return name;
}

}  // namespace tlbstorm::machine
