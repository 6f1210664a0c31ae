// SPDX-License-Identifier: Apache-2.0
// A line "SwapTotal:  1048572 kB" of /proc/meminfo, where kB is KiB. Documentation/filesystems/proc.rst:
// meminfo.
#pragma once

#include <string_view>

#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

/// The value of `key` in bytes, kAbsent when this text has no such line.
inline double meminfo_bytes(std::string_view text, std::string_view key) noexcept {
  auto value = os::find_value(text, key, ':');
  if (!value) return kAbsent;
  const auto kib = os::to_number(os::take_field(*value));
  return kib ? static_cast<double>(*kib) * 1024 : kAbsent;
}

}  // namespace tlbstorm::probe
