// SPDX-License-Identifier: Apache-2.0
// How far runs of the same lie apart on a machine, from runs kept by `tlbstorm calibrate`: where the sides
// have too few runs of their own to tell, a change has to exceed that.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/compare/ladder.hpp"

namespace tlbstorm::compare {

/// Of one metric.
struct Floor {
  Rung rung = Rung::run;
  std::size_t units = 0;  ///< runs, occasions or boots, of which it is the standard deviation
  double deviation = 0;   ///< of the units' logarithms: 0.01 is 1%

  /// By how much (of logarithms) a change of so many units a side must exceed a bound at one-sided `alpha`.
  double margin(std::size_t base, std::size_t next, double alpha) const;
  /// The chance of so large an excess (of logarithms) over a bound.
  double p_of(double excess, std::size_t base, std::size_t next) const;
  /// "8 runs (0.4%)".
  std::string text() const;
};

/// The fewest units that a floor rests on.
inline constexpr std::size_t kLeastOfAFloor = 6;
/// "an hour or a boot apart".
std::string_view what_makes(Rung rung);
inline constexpr const char* kFloorFolder = "results/floors";

/// The floors of a machine.
class Floors {
 public:
  Floors() = default;
  /// Reads those below a folder, which need not be there. Throws os::Error where one is damaged.
  explicit Floors(const std::filesystem::path& folder);
  explicit Floors(std::vector<record::RunFolder> runs) : runs_(std::move(runs)) {}
  /// That of runs made in the same way as both sides' (machine, all that makes other work of it, trials,
  /// instrument) on a rung; nothing when there are too few of them, or either side's trials spread more than
  /// theirs (F at 1%).
  std::optional<Floor> find(const Side& base, const Side& next, const std::string& metric, Rung rung) const;

 private:
  std::vector<record::RunFolder> runs_;
};

}  // namespace tlbstorm::compare
