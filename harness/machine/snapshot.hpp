// SPDX-License-Identifier: Apache-2.0
// The machine as the checks of `tlbstorm doctor` see it: its files below a root, which a test can make, and
// the little that no file tells.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/machine/facts.hpp"

namespace tlbstorm::machine {

struct Snapshot {
  std::filesystem::path root = "/";
  Machine machine;
  std::string kernel_release;              ///< "6.1.0-56-amd64"
  std::string kernel_config;               ///< its .config; empty when the kernel does not tell
  std::optional<double> busy_with_others;  ///< CPUs that other work kept busy while we looked
  bool is_root = false;

  /// A file's text without its line end, such as "proc/sys/vm/swappiness"; nothing when there is none.
  std::optional<std::string> text(const std::string& path) const;
  /// The names in a folder, sorted; none when there is no such folder.
  std::vector<std::string> list(const std::string& folder) const;
  /// A word of the kernel's command line: the value of "name=value", "" for a bare "name".
  std::optional<std::string> boot_option(std::string_view name) const;
  /// "y", "m" or a value of CONFIG_<name>; "n" when it is not set; nothing when the config is not known.
  std::optional<std::string> config(std::string_view name) const;
};

/// This machine as inspect() describes it, but for its load.
Snapshot take_snapshot(Machine machine);
/// CPUs that are kept busy, over a fifth of a second; nothing when the kernel does not tell.
std::optional<double> measure_load();

}  // namespace tlbstorm::machine
