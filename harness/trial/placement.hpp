// SPDX-License-Identifier: Apache-2.0
// Which CPU each worker runs on: a pure function of the topology.
#pragma once

#include <string_view>
#include <vector>

#include "harness/machine/topology.hpp"

namespace tlbstorm::trial {

/// One CPU for each worker; more workers than CPUs go round again.
///   compact     one socket after the other; in each, distinct cores before their hyperthreads
///   scatter     sockets in turn, and nodes within them; distinct cores before their hyperthreads
///   socket:N, node:N, cpus:LIST   only those CPUs, compact (the list: in its order of numbers)
/// Throws os::UsageError that names what there is.
std::vector<int> place(const machine::Topology& topology, std::string_view policy, int workers);

/// The CPUs that are left beside `taken`, for what watches a trial: of cores of their own, or if there are
/// none, the hyperthreads beside those that are taken. Empty where every CPU is taken.
std::vector<int> cpus_beside(const machine::Topology& topology, const std::vector<int>& taken);

}  // namespace tlbstorm::trial
