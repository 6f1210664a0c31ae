// SPDX-License-Identifier: Apache-2.0
// The runs of a sweep or a suite side by side, as text.
#pragma once

#include <string>

#include "harness/record/batch.hpp"

namespace tlbstorm::report {

/// A sweep as a scaling table, a suite as a list. Lines of at most 110 columns but for reasons.
std::string tabulate(const record::Batch& batch);

}  // namespace tlbstorm::report
