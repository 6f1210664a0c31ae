// SPDX-License-Identifier: Apache-2.0
// When `tlbstorm ab` may stop. Looking again and again at growing data finds a change sooner or later even
// where there is none, so each look spends a part of alpha: of looks at 8, 12, 18, 27 ... pairs the k-th
// gets alpha / (k (k + 1)). These add up to alpha, however often it looks (Bonferroni), and each look's
// test is exact, so the rate of false alarms is kept.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/compare/comparison.hpp"

namespace tlbstorm::compare {

struct Look {
  std::size_t pairs = 0;
  double alpha = 0;
};

/// The k-th look, from 1 on.
Look look(std::size_t k, double alpha);

/// What a look says of the metrics that are to be answered, in their order. Alpha is shared among them.
std::vector<MetricChange> answers(const Side& base, const Side& next, const std::vector<std::string>& metrics,
                                  const Look& look, double same_within);

/// Whether none of them is left unsure.
bool settled(const std::vector<MetricChange>& answers);

/// What is to be answered when nothing is named: the workload's first own figure and what its flushes cost.
std::vector<std::string> questions_of(const Side& side);

}  // namespace tlbstorm::compare
