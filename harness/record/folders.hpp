// SPDX-License-Identifier: Apache-2.0
// Where runs go, and what may be there already.
#pragma once

#include <filesystem>
#include <string>

#include "harness/os/folder.hpp"

namespace tlbstorm::record {

/// Where a run goes that was given no --output: results/<date>-<workload>-<label>, made unique.
std::filesystem::path default_folder(const std::string& workload, const std::string& label);

/// Makes the folder of a run or of several, or opens it if it is there and empty. Throws os::UsageError.
os::Folder make_folder(const std::filesystem::path& folder);

/// Refuses a folder that holds something or can't be written (os::UsageError). Makes nothing.
void check_folder(const std::filesystem::path& folder);

/// Whether there is such a file; where that can't be told, opening it will say why.
bool may_be_there(const std::filesystem::path& file);
/// The same of one with something in it. An empty one was being made when its tool was killed, or had not
/// reached the disk when the machine lost its power.
bool has_text(const std::filesystem::path& file);

}  // namespace tlbstorm::record
