// SPDX-License-Identifier: Apache-2.0
// What usemem can be asked for, and what it can't.
#pragma once

#include "harness/trial/worker.hpp"

namespace tlbstorm::workloads {

/// The size of a worker's chunk: whole pages, so that a little less than --size may be taken.
os::Bytes chunk_size(const trial::Plan& plan);

/// Checks the plan of a run of usemem and fills in what depends on the machine. Throws os::UsageError.
void resolve_usemem(trial::Plan& plan, const machine::Machine& machine);

}  // namespace tlbstorm::workloads
