// SPDX-License-Identifier: Apache-2.0
// Kernel files that hold another value while a run lasts: --sysctl, and what a workload adds to it. Before
// anything is touched a value is held against the one that is there: as many fields, numbers where those are
// numbers. What the kernel makes of a number only the kernel knows: it is asked when it is set.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tlbstorm::trial {

/// A file and what is to be written there.
using Setting = std::pair<std::filesystem::path, std::string>;

/// "vm.swappiness=100", several with commas; `root` is /proc/sys. Throws os::UsageError.
std::vector<Setting> parse_sysctls(std::string_view text, const std::filesystem::path& root = "/proc/sys");

/// Writes it. Throws os::UsageError when the kernel does not take such a value: nothing has changed then.
void write_setting(const Setting& setting);

/// Throws os::Error when what is there now is not what was written.
void check_setting_taken(const Setting& setting);

}  // namespace tlbstorm::trial
