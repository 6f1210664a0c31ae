// SPDX-License-Identifier: Apache-2.0
// What this machine is: what a plan is resolved against, and the provenance that every manifest carries.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/machine/cgroup.hpp"
#include "harness/machine/flush.hpp"
#include "harness/machine/swap.hpp"
#include "harness/machine/topology.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::machine {

/// One line of provenance. A fact that can't be read is left out.
struct Fact {
  std::string key;
  std::string value;
};

struct Machine {
  Topology topology;
  FlushFacts flush;
  os::Bytes memory;     ///< MemTotal
  os::Bytes available;  ///< MemAvailable
  std::vector<SwapArea> swaps;
  CgroupHome cgroup;
  std::vector<Fact> facts;
};

/// Looks at the machine this runs on.
Machine inspect();

/// The facts of the files below `root` (proc, sys), in a fixed order; `machine` has the rest filled in.
std::vector<Fact> collect_facts(const std::filesystem::path& root, const Machine& machine);

/// "always [madvise] never" is "madvise"; a text without brackets is itself, trimmed.
std::string chosen(std::string_view text);

}  // namespace tlbstorm::machine
