// SPDX-License-Identifier: Apache-2.0
// How a change, its interval and its p are written, wherever they stand.
#pragma once

#include <string>

#include "harness/stats/change.hpp"

namespace tlbstorm::compare {

/// "-92.7%", "x12.3" for what more than tripled, "-" when there is none.
std::string format_change(double change);
/// "-93.1% .. -92.2%", or "-".
std::string format_interval(const stats::Interval& interval);
/// "0.2%", or "-".
std::string format_share(double share);
/// "0.0079", "<0.0001".
std::string format_p(double p);

}  // namespace tlbstorm::compare
