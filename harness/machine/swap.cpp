// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/swap.hpp"

#include <algorithm>
#include <array>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {

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
