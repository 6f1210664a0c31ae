// SPDX-License-Identifier: Apache-2.0
// What --swap asks for, and whether it can be had.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/machine/block_device.hpp"
#include "harness/machine/facts.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::trial {

/// Reading it makes a new zram device and gives its number. Documentation/admin-guide/blockdev/zram.rst.
inline constexpr const char* kZramHotAdd = "/sys/class/zram-control/hot_add";

/// The areas of --swap: "zram:1G", "zram:1G:lz4", "file:1G" (in our data folder), "file:PATH:1G",
/// "device:/dev/X", several with commas, several devices as "device:/dev/X,/dev/Y" or by a pattern:
/// "device:/dev/nvme0n1p*". "existing" is what is active already and must be there. `erase` are the paths of
/// --erase-device. Refuses what can't work: no root, no zram, no such folder, a file system that is full or
/// in memory, a device with something on it. Touches nothing. Throws os::UsageError.
std::vector<SwapRequest> request_swaps(std::string_view swap, std::string_view erase,
                                       const machine::Machine& machine);

/// One of them, for a workload that brings its own.
SwapRequest request_swap(std::string_view text, const machine::Machine& machine);

/// Refuses a device that is in use or has something on it that is not to be erased. Also asked again right
/// before it is written.
void check_device(const SwapRequest& request);
/// The second half of it.
void check_content(const SwapRequest& request, const machine::DeviceContent& found);

/// The folder that a file request's file goes to.
std::filesystem::path folder_of(const SwapRequest& request);

}  // namespace tlbstorm::trial
