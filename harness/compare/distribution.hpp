// SPDX-License-Identifier: Apache-2.0
// Whether the times of single accesses are distributed otherwise: percentile by percentile, and as a whole.
#pragma once

#include <string>
#include <vector>

#include "harness/compare/side.hpp"

namespace tlbstorm::compare {

struct PercentileChange {
  double share = 0;           ///< 0.99
  double base = 0, next = 0;  ///< ns: over the trials the median of each one's percentile
  bool few = false;           ///< in a trial of either side, fewer than ten accesses took longer
};

/// One class of accesses: what was done, and what it met.
struct DistributionChange {
  std::string access, met;
  std::vector<PercentileChange> percentiles;
  /// How far apart the sides' distributions lie: the area between them over the logarithm of time
  /// (Wasserstein's distance), as a factor. 1.1: a typical access takes 10% more, or less.
  double factor = 1;
  /// The chance of such a distance, or a larger one, if trials are dealt to the sides at random: a
  /// permutation test, as the accesses of one trial are not independent of each other.
  double p = 1;
};

/// For each class that both sides have. With `paired`, trials are exchanged within their pairs only.
std::vector<DistributionChange> compare_distributions(const Side& base, const Side& next, bool paired);

/// Whether any of their percentiles does.
bool rest_on_few(const std::vector<DistributionChange>& changes);

}  // namespace tlbstorm::compare
