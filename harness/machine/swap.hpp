// SPDX-License-Identifier: Apache-2.0
// The swap areas of a machine.
#pragma once

#include <string>

#include "harness/os/swaps.hpp"

namespace tlbstorm::machine {

using os::parse_swaps;
using os::SwapArea;
using os::unescape_path;

/// The area's name below /sys/class/block, empty when it is a file. A '/' in a device's name is '!' there
/// (lib/kobject.c: kobject_set_name_vargs).
std::string block_name(const SwapArea& area);

}  // namespace tlbstorm::machine
