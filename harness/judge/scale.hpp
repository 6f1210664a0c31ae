// SPDX-License-Identifier: Apache-2.0
// In what a change of a figure is told, and from where on it means anything, by the figure's unit.
#pragma once

#include <string_view>

namespace tlbstorm::judge {

/// Of a whole, from 0 to 1: a change is told in percentage points, as a part of a share near zero is noise.
inline constexpr std::string_view kShare = "share";
/// What shares were in until they had a unit of their own.
inline constexpr std::string_view kFormerShare = "ratio";

/// The smallest change that matters, in the unit: 3 interrupts more than none are nothing, whatever the
/// percentage. 0 where any may.
constexpr double least_change(std::string_view unit) {
  constexpr double kOfCounts = 16;     // other tasks of the machine cause some in a second
  constexpr double kOfShares = 0.005;  // half a percentage point
  if (unit == "IPIs" || unit == "interrupts" || unit == "flushes") return kOfCounts;
  return unit == kShare ? kOfShares : 0;
}

}  // namespace tlbstorm::judge
