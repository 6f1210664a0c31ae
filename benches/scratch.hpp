// SPDX-License-Identifier: Apache-2.0
// A folder for what a benchmark writes.
#pragma once

#include <filesystem>

#include "harness/cli/leftovers.hpp"
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
  /// Tells what could not be removed; false if something could not.
  bool remove() { return cli::tell_troubles(journal_.undo_all()); }

 private:
  os::Journal journal_;
  std::filesystem::path path_;
};

}  // namespace tlbstorm::benches
