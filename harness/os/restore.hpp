// SPDX-License-Identifier: Apache-2.0
// Takes back what runs left that were killed, from the journals that nobody holds any more. Only journals
// that are the caller's own are obeyed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/os/journal.hpp"

namespace tlbstorm::os {

/// What restore() found. Only what is in `troubles` will be looked at again.
struct Restored {
  std::vector<std::string> undone;
  std::vector<std::string> left_alone;  ///< with the reason: it is not ours any more
  std::vector<std::string> given_up;    ///< with the reason: it can't be undone any more
  std::vector<Trouble> troubles;        ///< it may be undone later
  int held = 0;                         ///< journals of runs that still live, left alone

  bool complete() const { return given_up.empty() && troubles.empty(); }
};

/// What restore() takes back: what killed runs left alone, or also what was kept in force on purpose.
enum class Leftovers { of_killed_runs, all };

/// Undoes what is left. Changes made before the last boot that don't outlive one are only forgotten.
Restored restore(const std::filesystem::path& folder = state_folder(),
                 Leftovers which = Leftovers::of_killed_runs);

}  // namespace tlbstorm::os
