// SPDX-License-Identifier: Apache-2.0
// Swap that a run brings with it: a zram device or a file, swapped on at the highest priority and taken down
// through the journal. Never a block device with something on it: zram devices are hot-added, files are new.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/machine/facts.hpp"
#include "harness/os/journal.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::trial {

/// "zram:1G", "zram:1G:lz4" or "file:PATH:1G". Throws os::UsageError.
SwapRequest parse_swap(std::string_view text, os::Bytes memory);

/// Refuses what can't work: no root, no zram, no such folder, a file system that is full or in memory.
void check_swap(const SwapRequest& request, const machine::Machine& machine);

/// Both: for a workload that brings its own. Throws os::UsageError.
SwapRequest request_swap(std::string_view text, const machine::Machine& machine);

class SwapArea {
 public:
  /// Sets it up and swaps on. Throws os::SystemError with the journal undone.
  SwapArea(os::Journal& journal, const SwapRequest& request);
  const std::string& path() const { return path_; }

 private:
  void make_zram(os::Journal& journal, const SwapRequest& request);
  void make_file(os::Journal& journal, const SwapRequest& request);

  std::string path_;
  os::Applied storage_;
  os::Applied active_;  ///< after storage_, so that swapoff comes first
};

/// Writes the header that makes `size` bytes of a file or device a swap area. Linux: include/linux/swap.h:
/// union swap_header; the same that mkswap(8) writes, with the label "tlbstorm".
void write_swap_header(const std::string& path, os::Bytes size);

}  // namespace tlbstorm::trial
