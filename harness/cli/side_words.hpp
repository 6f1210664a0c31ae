// SPDX-License-Identifier: Apache-2.0
// What --base and --new say of a side: options of its runs, or a shell command that switches the machine
// over.
#pragma once

#include <string>

#include "harness/cli/command.hpp"

namespace tlbstorm::cli {

struct SideWords {
  Arguments options;    ///< where it begins with a dash
  std::string command;  ///< else: before each run of the side
};

/// Split as a shell would.
SideWords side_words(const std::string& said);

}  // namespace tlbstorm::cli
