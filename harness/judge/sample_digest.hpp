// SPDX-License-Identifier: Apache-2.0
// What samples.csv, which may be of any size, says of each trial's measured phase: one figure for each
// column. Streams, in memory that does not grow with the file. The windows are those of Totals: from the row
// that begins a phase to the row that begins the next.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::judge {

/// Whether it is the name of a column of samples.csv (probe/probe.hpp): no metric has a dot.
inline bool is_column(std::string_view name) { return name.find('.') != std::string_view::npos; }

struct DigestSeries {
  std::string column;
  std::string unit;  ///< of a counter: growth per second
  bool counter = false;
  /// A counter's growth for each second of all measured windows; a gauge's mean over the samples in them. A
  /// trial is left out where the column has no value, at an edge of a window or at all, and where a counter
  /// fell in one.
  std::map<int, double> by_trial;
};

struct SampleDigest {
  std::vector<DigestSeries> series;  ///< in the order of the columns; those without any value are left out
  std::vector<std::string> remarks;  ///< what is odd about the file
};

/// Throws os::Error with file and line when samples.csv is damaged. A run without one has an empty digest.
SampleDigest digest_samples(const record::RunFolder& run);

}  // namespace tlbstorm::judge
