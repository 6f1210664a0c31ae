// SPDX-License-Identifier: Apache-2.0
// What differs between the two sides besides what was measured: kernels, machines, settings, parameters.
#pragma once

#include <string>
#include <vector>

#include "harness/compare/side.hpp"

namespace tlbstorm::compare {

struct Difference {
  std::string what;  ///< "kernel_release", "parameters.region"
  std::string base, next;
  bool forbids = false;  ///< other machines or other work: the figures don't answer the same question
};

/// In the order of importance: what forbids a comparison first. A side whose own runs differ shows all of its
/// values.
std::vector<Difference> differences(const Side& base, const Side& next);

/// Throws os::UsageError when a difference forbids the comparison.
void refuse_unlike(const std::vector<Difference>& differences);

}  // namespace tlbstorm::compare
