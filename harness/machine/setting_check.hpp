// SPDX-License-Identifier: Apache-2.0
// Checks that are about one kernel file which should have one of a few values.
#pragma once

#include <string>
#include <vector>

#include "harness/machine/checkup.hpp"

namespace tlbstorm::machine {

struct Setting {
  const char* path;                 ///< below the root: "proc/sys/vm/page-cluster"
  std::vector<std::string> wanted;  ///< the first is what a fix writes
  Grade otherwise;
  const char* why;
  const char* absent;  ///< what it means that the file is not there; that is fine then
};

/// The command is `sysctl -w` for what is in proc/sys, else an echo into the file.
Diagnosis check_setting(const Snapshot& snapshot, const Setting& setting);

/// The command that writes a value into a kernel file below the root.
std::string write_command(const std::string& path, const std::string& value);

}  // namespace tlbstorm::machine
