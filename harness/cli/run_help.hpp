// SPDX-License-Identifier: Apache-2.0
// The help of `tlbstorm run WORKLOAD`, from the rows of its options.
#pragma once

#include <string>

#include "harness/trial/workload.hpp"

namespace tlbstorm::cli {

std::string help_of(const trial::Definition& definition);

}  // namespace tlbstorm::cli
