// SPDX-License-Identifier: Apache-2.0
// Where tlbstorm keeps things beside run folders, and how they are named.
#pragma once

#include <filesystem>
#include <string>

namespace tlbstorm::os {

/// Of journals: $TLBSTORM_STATE_DIR, else /var/lib/tlbstorm for root, else $XDG_STATE_HOME/tlbstorm or
/// ~/.local/state/tlbstorm. On disk, so that it outlives a power cut. Throws Error for a user who has no
/// home.
std::filesystem::path state_folder();

/// Of files that runs use again, and of swap files: $TLBSTORM_DATA_DIR, else /var/cache/tlbstorm for root,
/// else $XDG_CACHE_HOME/tlbstorm or ~/.cache/tlbstorm. Throws as state_folder() does.
std::filesystem::path data_folder();

/// The name that everything we make on the machine bears: "tlbstorm-<pid>".
std::string own_name();

}  // namespace tlbstorm::os
