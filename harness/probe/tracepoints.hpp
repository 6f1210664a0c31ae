// SPDX-License-Identifier: Apache-2.0
// Probes that count tracepoints in the kernel, by filtered perf events without a ring buffer: a probe of this
// kind is a table of columns and of what is added up in each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

/// Hits of one event that pass a filter, added to the columns named.
struct Summand {
  std::string event;   ///< "tlb/tlb_flush"
  std::string filter;  ///< "reason == 4 && pages == 1", or empty
  std::vector<std::string> columns;
  double weight = 1;
};

/// The sum of a field over all hits of an event: a count for each bit of it that is set (the filter "field &
/// 4"), by what that bit is worth. Exact as long as the field is below 2^bits.
std::vector<Summand> sum_of_field(const std::string& event, const std::string& field, int bits,
                                  const std::string& column);

/// What such a probe is. A column whose events this kernel does not have is left out; with none left the
/// probe is absent. `per_cpu` names a column that is also given CPU by CPU, as "probe.figure_cpu3".
struct TracepointTable {
  std::vector<Column> columns;
  std::vector<Summand> terms;
  std::string per_cpu = {};
};

/// All CPUs are read one after the other, each with all its counters at once.
Opened count_tracepoints(const TracepointTable& table, const std::vector<int>& cpus);

/// Whether that could be had: the events are there, and we may count. The kernel takes tens of milliseconds
/// to turn a tracepoint off again, so none is opened.
Offer look_at_tracepoints(const TracepointTable& table, const std::vector<int>& cpus);

}  // namespace tlbstorm::probe
