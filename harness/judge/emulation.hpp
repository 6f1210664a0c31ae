// SPDX-License-Identifier: Apache-2.0
// In a guest whose instructions are translated (QEMU's TCG), counts are the kernel's, and time is the
// emulator's: there an interrupt costs nothing like what it costs a CPU. Figures that depend on time are
// marked there.
#pragma once

#include <string>
#include <string_view>

#include "harness/record/manifest.hpp"

namespace tlbstorm::judge {

/// What stands behind the unit of a figure that is the emulator's.
inline constexpr std::string_view kEmulated = "~";
/// What that means.
inline constexpr std::string_view kEmulatedLegend =
    "~ depends on time, which is the emulator's (QEMU's TCG): counts and their ratios hold, these don't";

/// Whether the run was made in such a guest, by its manifest.
bool is_emulated(const record::RunManifest& manifest);

/// Whether a figure depends on time: rates, durations, shares of time.
bool depends_on_time(std::string_view metric, std::string_view unit);

/// The unit, marked if need be.
std::string marked_unit(std::string_view metric, std::string_view unit, bool emulated);

}  // namespace tlbstorm::judge
