// SPDX-License-Identifier: Apache-2.0
// What a machine should be like before it is measured. Each check is a function over a snapshot; adding one
// is a line in one of the chapters.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/machine/snapshot.hpp"

namespace tlbstorm::machine {

/// What the machine is to be used for.
enum class Profile { reclaim, swap_ssd, ci };

enum class Grade { ok, warn, fail, unknown };
std::string_view name(Grade grade);

/// What a check found.
struct Finding {
  Grade grade = Grade::unknown;
  std::string found;
  std::string wanted;
  std::string why;      ///< what it does to the figures
  std::string command;  ///< what mends it, for a shell where there is a command for it
  /// Kernel files and what to write there: what `doctor --fix` does and `restore` takes back.
  std::vector<std::pair<std::filesystem::path, std::string>> fix;
};

struct Check {
  std::string_view name;
  Finding (*look)(const Snapshot& snapshot);
  bool moves_figures;  ///< when it fails, a run's figures are not what they seem
};

// The chapters.
std::span<const Check> cpu_checks();
std::span<const Check> kernel_checks();
std::span<const Check> memory_checks();
std::span<const Check> swap_ssd_checks();

/// What a check finds. Where all is well, or not known, there is nothing to mend.
Finding examine(const Check& check, const Snapshot& snapshot);

/// A line for each check that fails and that moves the figures of a run.
std::vector<std::string> warnings_for_a_run(const Snapshot& snapshot);

/// The checks of a profile, in the order in which they are shown.
std::vector<Check> checks_of(Profile profile);

}  // namespace tlbstorm::machine
