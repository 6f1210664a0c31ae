// SPDX-License-Identifier: Apache-2.0
// What a workload counts: counters, which only rise, and gauges.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/trial/sampler.hpp"

namespace tlbstorm::trial {
namespace {

TEST(WorkloadCounters, AreColumnsOfTheirKind) {
  Definition definition;
  definition.counters = {{"taken", "pages", "only rises"}, {"held", "pages", "falls", probe::Kind::gauge}};
  const ProbeSet probes(Plan{}, definition, {});
  const auto columns = probes.columns();
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[0].kind, probe::Kind::counter) << columns[0].name;
  EXPECT_EQ(columns[1].kind, probe::Kind::counter);
  EXPECT_EQ(columns[2].kind, probe::Kind::gauge);
}

TEST(WorkloadCounters, WhatUsememHoldsLockedFallsWhenItIsGivenBack) {
  const auto& counters = find_workload("usemem").counters;
  const auto locked = std::find_if(counters.begin(), counters.end(),
                                   [](const WorkloadCounter& one) { return one.name == counter::kLocked; });
  ASSERT_NE(locked, counters.end());
  EXPECT_EQ(locked->kind, probe::Kind::gauge);
}

}  // namespace
}  // namespace tlbstorm::trial
