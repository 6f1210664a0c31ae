// SPDX-License-Identifier: Apache-2.0
// What --events asks for, as perf(1) writes it: "cycles,{dTLB-loads,dTLB-load-misses}". In braces stand
// events that are counted together or not at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlbstorm::probe {

/// What is counted when nothing is asked for: of the CPU where it has counters, of the kernel anywhere.
inline constexpr const char* kHardwareDefault = "{cycles,instructions},dTLB-load-misses,dTLB-store-misses";
inline constexpr const char* kSoftwareDefault = "{context-switches,cpu-migrations,minor-faults,major-faults}";

/// What is counted together; mostly a single event.
using EventGroup = std::vector<std::string>;

/// Throws os::UsageError for a text that is no such list.
std::vector<EventGroup> parse_events(std::string_view text);

/// Also refuses names that no CPU has. One that this machine can't count is no error: the run says why.
void check_events(std::string_view text);

}  // namespace tlbstorm::probe
