// SPDX-License-Identifier: Apache-2.0
// The ladder of evidence: trial < run < occasion < boot < machine. What stands on one rung shares the luck of
// the rung above, so the unit of evidence is the highest rung that differs between the sides: the value of a
// run is the median of its valid trials, and ten trials of one run are one run.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/compare/side.hpp"

namespace tlbstorm::compare {

enum class Rung { trial, run, occasion, boot, machine };
inline constexpr std::array<std::string_view, 5> kRungNames{"trial", "run", "occasion", "boot", "machine"};
inline std::string_view name(Rung rung) { return kRungNames[static_cast<std::size_t>(rung)]; }

/// When a run began, by its manifest; nothing where it does not say.
std::optional<std::chrono::sys_time<std::chrono::milliseconds>> began(const record::RunManifest& manifest);

/// One value of a metric on a rung.
struct Unit {
  double value = 0;
  std::optional<std::chrono::sys_time<std::chrono::milliseconds>> began;
  std::string boot;
  std::size_t runs = 1;  ///< whose median it is
};

/// A side's runs that have the metric, in their order; the runs of one occasion, or of one boot, together. Of
/// one occasion are runs of one boot that began less than an hour apart.
std::vector<Unit> units_of(const Side& side, const std::string& metric, Rung rung);

std::vector<double> values_of(const std::vector<Unit>& units);

/// Whether the sides were measured in turn (A B A B, A B B A), so that what drifts does so for both alike. It
/// takes two units a side.
bool were_in_turn(const std::vector<Unit>& base, const std::vector<Unit>& next);

/// What two sides have to say of one metric.
struct Evidence {
  /// The highest that differs between the sides. Of runs that were not made in turn these are the occasions.
  Rung rung = Rung::trial;
  std::vector<Unit> base, next;  ///< on it
  bool in_turn = false;          ///< only then a change is told from a drift
  bool paired = false;           ///< the i-th of one side belongs to the i-th of the other
  /// What describes the sides: the units, or where these are fewer than an interval needs the runs, or all
  /// trials.
  std::vector<double> base_values, next_values;
  Rung described_by = Rung::trial;

  /// Whether a change of what describes the sides is one of what was measured.
  bool decides() const { return paired || (in_turn && described_by == rung); }
  /// "8 runs a side, in turn".
  std::string text() const;
  /// Why it does not decide. Empty where it does.
  std::string why_not() const;
};

/// `paired`: both sides were interleaved by whoever measured them. A single run a side has pairs of trials.
Evidence evidence_of(const Side& base, const Side& next, const std::string& metric, bool paired);

/// Of so many units a side there is an interval of 95%.
inline constexpr std::size_t kLeastUnits = 4;
/// How a user gets evidence that decides.
inline constexpr const char* kMeasureInTurn =
    "a verdict takes runs of both sides in turn: tlbstorm ab, or tlbstorm suite --repeat 8 --base ... --new "
    "...";

}  // namespace tlbstorm::compare
