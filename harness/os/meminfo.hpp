// SPDX-License-Identifier: Apache-2.0
// A line "SwapTotal:  1048572 kB" of /proc/meminfo, where kB is KiB. Documentation/filesystems/proc.rst:
// meminfo.
#pragma once

#include <optional>
#include <string_view>

#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// The value of `key`; nothing when this text has no such line.
inline std::optional<Bytes> meminfo(std::string_view text, std::string_view key) noexcept {
  auto value = find_value(text, key, ':');
  const auto kib = value ? to_number(take_field(*value)) : std::nullopt;
  return kib ? std::optional(Bytes{*kib << 10}) : std::nullopt;
}

/// The same of this machine now. Throws Error when the kernel has no such line.
Bytes read_meminfo(std::string_view key);

}  // namespace tlbstorm::os
