// SPDX-License-Identifier: Apache-2.0
// The swap areas in use, from /proc/swaps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/os/units.hpp"

namespace tlbstorm::os {

struct SwapArea {
  std::string path;  ///< as the kernel names it: the node that was given to swapon(2), which may be gone
  std::string type;  ///< "partition" or "file"
  Bytes size;
  Bytes used;
  int priority = 0;
};

std::vector<SwapArea> parse_swaps(std::string_view text);

/// Kernel tables escape blanks in paths: "a\040b" is "a b" (fs/seq_file.c: mangle_path).
std::string unescape_path(std::string_view text);

}  // namespace tlbstorm::os
