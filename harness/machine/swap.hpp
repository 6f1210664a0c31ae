// SPDX-License-Identifier: Apache-2.0
// The swap areas of a machine.
#pragma once

#include <filesystem>
#include <string>

#include "harness/os/swaps.hpp"

namespace tlbstorm::machine {

using os::parse_swaps;
using os::SwapArea;
using os::unescape_path;

/// The area's name below /sys/class/block, empty when it is a file. A '/' in a device's name is '!' there
/// (lib/kobject.c: kobject_set_name_vargs).
std::string block_name(const SwapArea& area);

/// How many areas can be active at once (include/linux/swap.h: MAX_SWAPFILES): 32, but for those that the
/// kernel's configuration takes for other purposes; where versions of the kernel differ, the larger number.
std::size_t most_swap_areas(std::string_view kernel_config);
/// What every kernel has room for.
inline constexpr std::size_t kFewestSwapAreas = 23;

/// The compression algorithms that a zram device of this kernel may have, as those below `block` (/sys/block)
/// tell; none when there is no device to ask.
std::vector<std::string> zram_algorithms(const std::filesystem::path& block);

}  // namespace tlbstorm::machine
