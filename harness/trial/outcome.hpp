// SPDX-License-Identifier: Apache-2.0
// What a trial is for, and how it can end.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace tlbstorm::trial {

/// Headline figures are of measuring trials. What explains them may disturb the workload, and is counted in
/// explaining trials, which come last.
enum class TrialKind { measuring, explaining };
inline constexpr std::array<std::string_view, 2> kTrialKindNames{"measuring", "explaining"};
inline std::string_view name(TrialKind kind) { return kTrialKindNames[static_cast<std::size_t>(kind)]; }

enum class Outcome {
  ok,
  oom,          ///< the kernel killed a worker for memory
  enomem,       ///< the kernel refused memory: ENOMEM, or EAGAIN of a lock
  io_error,     ///< a page could not be read back: SIGBUS
  failed,       ///< anything else that a worker could not do
  timeout,      ///< took longer than --timeout allows
  interrupted,  ///< by a signal to the tool
  corrupted,    ///< a page came back wrong: it outranks all others
};

inline constexpr std::array<std::string_view, 8> kOutcomeNames{
    "ok", "oom", "enomem", "io_error", "failed", "timeout", "interrupted", "corrupted"};

inline std::string_view name(Outcome outcome) { return kOutcomeNames[static_cast<std::size_t>(outcome)]; }

inline std::optional<Outcome> outcome_named(std::string_view text) {
  for (std::size_t i = 0; i < kOutcomeNames.size(); ++i)
    if (kOutcomeNames[i] == text) return static_cast<Outcome>(i);
  return std::nullopt;
}

}  // namespace tlbstorm::trial
