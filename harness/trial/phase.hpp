// SPDX-License-Identifier: Apache-2.0
// The phases of a trial, in the order in which they come. A workload that works in rounds goes from measure
// back to setup for the next round.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tlbstorm::trial {

enum class Phase : std::uint32_t {
  setup,    ///< the workload prepares memory and files
  warmup,   ///< the workload runs; not measured
  measure,  ///< the workload runs; measured
  verify,   ///< workers have been told to end; results are checked
  done,     ///< the trial process has ended
};

inline constexpr std::array<std::string_view, 5> kPhaseNames{"setup", "warmup", "measure", "verify", "done"};

inline std::string_view name(Phase phase) { return kPhaseNames[static_cast<std::size_t>(phase)]; }

inline std::optional<Phase> phase_named(std::string_view text) {
  for (std::size_t i = 0; i < kPhaseNames.size(); ++i)
    if (kPhaseNames[i] == text) return static_cast<Phase>(i);
  return std::nullopt;
}

/// A phase and the round that it belongs to, in one word so that both change at once. Workloads that are
/// timed stay in round 0; in those that work in rounds a round lasts from its setup to the end of its
/// measured window.
struct Stage {
  Phase phase = Phase::setup;
  std::uint32_t round = 0;

  constexpr Stage() = default;
  constexpr Stage(Phase p, std::uint32_t r) : phase(p), round(r) {}
  constexpr explicit Stage(std::uint32_t word) : phase(static_cast<Phase>(word & 0xff)), round(word >> 8) {}
  constexpr std::uint32_t word() const { return round << 8 | static_cast<std::uint32_t>(phase); }
  friend bool operator==(const Stage&, const Stage&) = default;
};

}  // namespace tlbstorm::trial
