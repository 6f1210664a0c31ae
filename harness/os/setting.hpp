// SPDX-License-Identifier: Apache-2.0
// Sets kernel files (sysctls, files of sysfs) through a journal.
#pragma once

#include <filesystem>
#include <string>

#include "harness/os/journal.hpp"

namespace tlbstorm::os {

/// Writes a value, which stays until the journal is undone. Some sysctls come in pairs of which one is 0: the
/// one that is set takes the other's place, and both are put back. Throws SystemError when it can't be
/// written; Error when it can't be read, and so could not be put back.
void set_kernel_file(Journal& journal, const std::filesystem::path& path, const std::string& value);

}  // namespace tlbstorm::os
