// SPDX-License-Identifier: Apache-2.0
// Swap that a run brings with it: a zram device, a file, or a block device, swapped on at the highest
// priority, all at the same, and taken down through the journal. zram devices are hot-added, files are new,
// and a block device is taken only if nothing is on it, or swap.
#pragma once

#include <string>

#include "harness/os/journal.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::trial {

class SwapArea {
 public:
  /// Sets it up and swaps on. Throws os::SystemError, or os::UsageError for a device that has got something
  /// on it meanwhile; the journal is then undone.
  SwapArea(os::Journal& journal, const SwapRequest& request);
  const std::string& path() const { return path_; }

 private:
  void make_zram(os::Journal& journal, const SwapRequest& request);
  void make_file(os::Journal& journal, const SwapRequest& request);
  void take_device(os::Journal& journal, const SwapRequest& request);

  std::string path_;
  os::Applied storage_;
  os::Applied active_;  ///< after storage_, so that swapoff comes first
};

}  // namespace tlbstorm::trial
