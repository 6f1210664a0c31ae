// SPDX-License-Identifier: Apache-2.0
// What is on a block device, and who uses it: asked before anything is written to one. Only ever reads.
#pragma once

#include <filesystem>
#include <string>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::machine {

/// What is smaller is not looked into.
inline constexpr os::Bytes kSmallestDevice = os::operator""_MiB(2);

struct DeviceContent {
  bool is_block_device = false;
  os::Bytes size;
  std::string in_use;  ///< by whom: "mounted on /mnt", "active swap"; empty when nobody uses it
  std::string
      signature;  ///< as libblkid names it: "ext4", "LVM2_member", "dos partition table"; empty when none
  bool is_swap = false;   ///< the signature is that of swap and of nothing else
  bool is_blank = false;  ///< no signature, and nothing but zeros in its first and last MiB
};

/// Throws os::SystemError when it can't be read.
DeviceContent look_at_device(const std::filesystem::path& path);
/// The same of an open device, but for who uses it: for one that is held exclusively.
DeviceContent content_of(const os::Fd& device, const std::filesystem::path& path);

}  // namespace tlbstorm::machine
