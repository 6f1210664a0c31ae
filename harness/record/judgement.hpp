// SPDX-License-Identifier: Apache-2.0
// What is kept of the verdict on a trial. Plain data; judge/ works it out.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/os/finding.hpp"
#include "harness/record/manifest.hpp"

namespace tlbstorm::record {

struct MetricValue {
  std::string metric;
  std::string unit;
  double value = 0;
};

/// One figure of one round of a trial.
struct RoundValue {
  int round = 0;
  MetricValue figure;
};

struct Judgement {
  std::vector<MetricValue> figures;
  std::vector<RoundValue> rounds;
  std::vector<Absence> absent;
  std::vector<os::Finding> checks;
  std::string reclaim_source;                   ///< where pages_reclaimed came from
  std::map<std::string, double> ipis_by_phase;  ///< TrialRecord::tlb_ipis_by_phase

  bool valid() const {
    return std::none_of(checks.begin(), checks.end(),
                        [](const os::Finding& check) { return check.grade == os::Grade::failed; });
  }
};

}  // namespace tlbstorm::record
