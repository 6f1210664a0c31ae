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
#include "harness/os/finding.hpp"

namespace tlbstorm::machine {

/// What the machine is to be used for.
enum class Profile { reclaim, swap_ssd, ci };

using os::Grade;

/// A kernel file and what to write there.
using Repair = std::pair<std::filesystem::path, std::string>;

/// What a check makes of a machine.
struct Diagnosis {
  Grade grade = Grade::unknown;
  std::string found;
  std::string wanted;
  std::string why;  ///< what it does to the figures
  std::string fix;  ///< what puts it right, for a shell where there is a command for it
  /// What `doctor --fix` does and `restore` takes back.
  std::vector<Repair> repairs;
};

struct DoctorCheck {
  std::string_view name;
  Diagnosis (*look)(const Snapshot& snapshot);
  bool moves_figures;  ///< when it fails, a run's figures are not what they seem
};

struct Examined {
  os::Finding finding;
  std::vector<Repair> repairs;
};

// The chapters.
std::span<const DoctorCheck> cpu_checks();
std::span<const DoctorCheck> kernel_checks();
std::span<const DoctorCheck> memory_checks();
std::span<const DoctorCheck> swap_ssd_checks();

/// What a check finds. Where all is well, or unknown, there is nothing to fix.
Examined examine(const DoctorCheck& check, const Snapshot& snapshot);

/// A line for each check that fails and that moves the figures of a run.
std::vector<std::string> warnings_for_a_run(const Snapshot& snapshot);

/// The checks of a profile, in the order in which they are shown.
std::vector<DoctorCheck> checks_of(Profile profile);

}  // namespace tlbstorm::machine
