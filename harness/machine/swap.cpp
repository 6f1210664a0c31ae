// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/swap.hpp"

#include <algorithm>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {

std::size_t most_swap_areas(std::string_view kernel_config) {
  const auto has = [&](std::string_view option) { return os::find_value(kernel_config, option, '=') == "y"; };
  // Markers in page tables came with Linux 5.19; others have taken more since then, too.
  const bool markers = has("CONFIG_PTE_MARKER") || has("CONFIG_PTE_MARKER_UFFD_WP");
  std::size_t most = markers ? 31 : 32;
  if (has("CONFIG_MIGRATION")) most -= markers ? 3 : 2;
  if (has("CONFIG_MEMORY_FAILURE")) most -= 1;
  if (has("CONFIG_DEVICE_PRIVATE")) most -= markers ? 3 : 2;
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
