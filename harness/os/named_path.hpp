// SPDX-License-Identifier: Apache-2.0
// Paths that a user names: there may be a FIFO, a device, a folder, a loop of links, or nothing. Nothing here
// waits for what is not a file, and every refusal is an os::UsageError that names the option and the path.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// Opens a regular file, whatever O_* flags say else.
Fd open_named_file(std::string_view option, const std::filesystem::path& path, int flags);
/// The text of a file that people write by hand: 1 MiB at most.
std::string read_named_file(std::string_view option, const std::filesystem::path& path);

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

}  // namespace tlbstorm::os
