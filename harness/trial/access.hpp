// SPDX-License-Identifier: Apache-2.0
// What a timed access to memory was and what it met: the classes that latencies are kept apart by.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tlbstorm::trial {

enum class Access { read, write };

/// By the kernel's own count of the thread's faults (getrusage: ru_minflt, ru_majflt).
enum class Met {
  hit,    ///< no fault: the page was mapped
  minor,  ///< a fault that needed no I/O
  major,  ///< a fault that waited for a device or a swap area
};

inline constexpr std::array<std::string_view, 2> kAccessNames{"read", "write"};
inline constexpr std::array<std::string_view, 3> kMetNames{"hit", "minor", "major"};

/// One class of access.
struct AccessClass {
  static constexpr std::size_t kCount = 6;
  Access access = Access::read;
  Met met = Met::hit;

  constexpr AccessClass() = default;
  constexpr AccessClass(Access a, Met m) : access(a), met(m) {}
  constexpr explicit AccessClass(std::size_t index)
      : access(static_cast<Access>(index / 3)), met(static_cast<Met>(index % 3)) {}
  constexpr std::size_t index() const {
    return static_cast<std::size_t>(access) * 3 + static_cast<std::size_t>(met);
  }
};

inline std::string_view name(Access access) { return kAccessNames[static_cast<std::size_t>(access)]; }
inline std::string_view name(Met met) { return kMetNames[static_cast<std::size_t>(met)]; }

}  // namespace tlbstorm::trial
