// SPDX-License-Identifier: Apache-2.0
// How a change, its interval and its p are written, wherever they stand.
#pragma once

#include <string>

#include "harness/compare/comparison.hpp"

namespace tlbstorm::compare {

/// "-92.7%", "x12.3" for what more than tripled, "-" when there is none; of a share, in percentage points,
/// "+1.2 pp".
std::string format_change(double change, bool in_points = false);
/// "-93.1% .. -92.2%", or "-".
std::string format_interval(const stats::Interval& interval, bool in_points = false);
/// As the metric's are told.
std::string format_change(const MetricChange& change);
std::string format_interval(const MetricChange& change);
/// "0.2%", or "-".
std::string format_share(double share);
/// "0.0079", "<0.0001".
std::string format_p(double p);

}  // namespace tlbstorm::compare
