// SPDX-License-Identifier: Apache-2.0
// A folder for what a benchmark writes.
#pragma once

#include <filesystem>

#include "harness/os/journal.hpp"

namespace tlbstorm::benches {

/// A new folder among the temporary files, ours alone, removed with all that is in it through the journal:
/// also when its maker is killed.
class Scratch {
 public:
  /// Throws os::SystemError.
  Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  os::Journal journal_;
  std::filesystem::path path_;
};

}  // namespace tlbstorm::benches
