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

#include "harness/os/journal.hpp"

namespace tlbstorm::trial {

/// A file and what is to be written there.
using Setting = std::pair<std::filesystem::path, std::string>;

/// "vm.swappiness" of its file; of what is no sysctl the path.
std::string name_of(const std::filesystem::path& file);

/// "vm.swappiness=100", several with commas; `root` is /proc/sys. Throws os::UsageError.
std::vector<Setting> parse_sysctls(std::string_view text, const std::filesystem::path& root = "/proc/sys");

/// Sets it until the journal is undone. Throws os::UsageError when the kernel does not take such a value, and
/// os::Error when it makes another of it: nothing has changed then, or the journal takes it back.
void set_for_the_run(os::Journal& journal, const Setting& setting);

}  // namespace tlbstorm::trial
