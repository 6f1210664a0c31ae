// SPDX-License-Identifier: Apache-2.0
// What tells a file, a folder or a device from another one that bears its name later: a name proves nothing.
#pragma once

#include <string>
#include <string_view>

#include "harness/os/fd.hpp"

namespace tlbstorm::os {

/// Of a file or folder "device/inode/birth", as far as its file system knows (statx(2)); of a block device
/// "number/sequence", where the sequence is the disk's own since the boot (/sys/block/X/diskseq, Linux 5.15).
/// Throws SystemError.
std::string identity_of(const Fd& fd);

/// The same of a name in an open folder, or of a path if `folder` is AT_FDCWD; a link is not followed. Empty
/// when there is no such thing.
std::string identity_at(int folder, const std::string& name);

/// Whether both are of one thing. Numbers of devices may be given out anew at each boot, so after one they
/// don't count.
bool same_identity(std::string_view a, std::string_view b, bool same_boot = true);

}  // namespace tlbstorm::os
