// SPDX-License-Identifier: Apache-2.0
// A folder for what a benchmark writes.
#pragma once

#include <filesystem>

namespace tlbstorm::benches {

/// A new folder among the temporary files, ours alone, removed with all that is in it by the process that
/// made it.
class Scratch {
 public:
  /// Throws os::SystemError.
  Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tlbstorm::benches
