// SPDX-License-Identifier: Apache-2.0
// --sweep OPTION=VALUES: one run for each value.
#pragma once

#include <string>
#include <vector>

#include "harness/campaign/batch.hpp"
#include "harness/machine/facts.hpp"

namespace tlbstorm::campaign {

struct Sweep {
  std::string option;
  std::vector<BatchRun> runs;
  std::vector<trial::Plan> plans;  ///< of the runs, on this machine
};

/// `text` is "workers=1..8", `options` those of every run. All points are validated before the first one is
/// run. Throws os::UsageError.
Sweep plan_sweep(const std::string& text, const trial::Options& options, const trial::Definition& definition,
                 const machine::Machine& machine);

/// "1..4" is 1 2 3 4, "1..N" goes up to `cpus`, "1..64x2" is 1 2 4 ... 64, anything else a list with commas.
/// Throws os::UsageError.
std::vector<std::string> sweep_values(const std::string& text, int cpus);

}  // namespace tlbstorm::campaign
