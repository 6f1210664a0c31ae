// SPDX-License-Identifier: Apache-2.0
// Paths that a user names, or that lie in a folder that someone else made: there may be a FIFO, a device, a
// folder, a loop of links, a file without an end, or nothing. What is no plain file is refused before it is
// opened (a FIFO would wait, a watchdog would start), and no more is read than makes sense. What takes an
// option refuses as os::UsageError that names the option and the path.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// The longest text that is read whole: a hundred times a manifest of a thousand CPUs.
inline constexpr Bytes kLongestText = 256_MiB;

/// Opens a regular file for reading. Throws SystemError, or Error that says what it is instead.
Fd open_plain_file(const std::filesystem::path& path);
/// Its whole text. Throws as open_plain_file() does, and Error when it is longer.
std::string read_plain_file(const std::filesystem::path& path, Bytes longest = kLongestText);

/// The same of a file that an option names.
Fd open_named_file(std::string_view option, const std::filesystem::path& path, const std::string& remedy);
/// The text of a file that people write by hand: UTF-8, 1 MiB at most.
std::string read_named_file(std::string_view option, const std::filesystem::path& path,
                            const std::string& remedy);

/// A folder that is there, or that can be made: the nearest one above it that is there. All that is named in
/// between is missing, and nothing else is in its place.
std::filesystem::path nearest_folder(std::string_view option, const std::filesystem::path& path);

/// Refuses a path that is neither of a folder nor of a file.
void require_there(std::string_view option, const std::filesystem::path& path, const std::string& remedy);

/// Refuses to put a new file in the place of what is no file, a link among it: what is there would be gone.
void check_place_of_file(std::string_view option, const std::filesystem::path& path);

/// Refuses what can't be written to right now, such as a FIFO that nobody reads; a file may also be made.
void check_writable(std::string_view option, const std::filesystem::path& path);

/// Whether something is there, even a link that leads nowhere. A path that can't be looked up is refused.
bool is_there(std::string_view option, const std::filesystem::path& path);

/// "a FIFO", "a folder", of stat(2)'s mode.
std::string_view kind_of(mode_t mode);

}  // namespace tlbstorm::os
