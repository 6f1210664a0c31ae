// SPDX-License-Identifier: Apache-2.0
// What is kept of the verdict on a trial. Plain data; judge/ works it out.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tlbstorm::record {

struct Figure {
  std::string metric;
  std::string unit;
  double value = 0;
};

/// One figure of one round of a trial.
struct RoundFigure {
  int round = 0;
  Figure figure;
};

/// A metric that this trial can't give, and why.
struct Absence {
  std::string metric;
  std::string reason;
};

/// Whether the figures of a trial mean what they should.
struct Check {
  enum class Verdict { ok, invalid, unknown };
  std::string name;
  Verdict verdict = Verdict::ok;
  std::string detail;
};
std::string_view name(Check::Verdict verdict);

struct Judgement {
  std::vector<Figure> figures;
  std::vector<RoundFigure> rounds;
  std::vector<Absence> absent;
  std::vector<Check> checks;
  std::string reclaim_source;  ///< where pages_reclaimed came from
  /// TLB-shootdown handlers by phase and in all ("whole"), for whoever counts /proc/interrupts around the
  /// run.
  std::vector<std::pair<std::string, double>> ipis_by_phase;

  bool valid() const {
    return std::none_of(checks.begin(), checks.end(),
                        [](const Check& check) { return check.verdict == Check::Verdict::invalid; });
  }
};

}  // namespace tlbstorm::record
