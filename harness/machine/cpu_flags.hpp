// SPDX-License-Identifier: Apache-2.0
// What the first CPU of /proc/cpuinfo says that it can do.
#pragma once

#include <string_view>

#include "harness/os/text.hpp"

namespace tlbstorm::machine {

inline bool has_cpu_flag(std::string_view cpuinfo, std::string_view flag) {
  auto flags = os::find_value(cpuinfo, "flags", ':');
  while (flags && !flags->empty())
    if (os::take_field(*flags) == flag) return true;
  return false;
}

}  // namespace tlbstorm::machine
