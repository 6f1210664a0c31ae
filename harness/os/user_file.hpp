// SPDX-License-Identifier: Apache-2.0
// Files that a user names, or that lie in a folder that someone else made. Such a path may be a FIFO that
// nobody writes to, a device, a loop of links or a file without an end: what is no plain file is refused
// before it is opened (a FIFO would wait, a watchdog would start), and no more is read than makes sense.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// The longest text that is read whole: a hundred times a manifest of a thousand CPUs.
inline constexpr Bytes kLongestText = 256_MiB;

/// Opens a plain file for reading. Throws SystemError, or Error that says what it is instead.
Fd open_user_file(const std::filesystem::path& path);

/// Its whole text. Throws as open_user_file() does, and Error when it is longer.
std::string read_user_text(const std::filesystem::path& path, Bytes longest = kLongestText);

/// The text of a file that an option names. Throws UsageError that names the option, where there is none, and
/// where it is not UTF-8.
std::string read_option_text(std::string_view option, const std::filesystem::path& path,
                             const std::string& remedy);

/// "a FIFO", "a folder", of stat(2)'s mode; empty for a plain file.
std::string_view special_kind(mode_t mode);

}  // namespace tlbstorm::os
