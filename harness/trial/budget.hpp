// SPDX-License-Identifier: Apache-2.0
// What a run takes of the machine's memory in all. Each part may be small enough by itself (a ballast, a zram
// device, a limit, what the workers lock) and all of them more than there is: then the kernel would kill, and
// not only what is ours.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/machine/facts.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::trial {

/// A part of what is taken, and the option that asks for it.
struct MemoryShare {
  std::string option;  ///< "--ballast"
  std::string value;   ///< "11G", as the user wrote it
  os::Bytes size;
};

/// All parts that take something. The ballast is locked, and zram keeps its pages in memory; of what the
/// workers hold as much as their limit lets them, less what swap on a disk could take of it. Pages of files
/// are only counted under a limit: without one the kernel drops them.
std::vector<MemoryShare> memory_taken(const Plan& plan, const std::map<std::string, std::string>& options,
                                      const machine::Machine& machine);

/// Refuses (os::UsageError) what leaves less than a sixteenth of the memory available. `options` are the
/// plan's, as text by name.
void check_budget(const Plan& plan, const std::map<std::string, std::string>& options,
                  const machine::Machine& machine);

}  // namespace tlbstorm::trial
