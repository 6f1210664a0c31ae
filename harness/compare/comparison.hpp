// SPDX-License-Identifier: Apache-2.0
// Two sides, metric by metric: what changed, by how much, how surely.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "harness/compare/distribution.hpp"
#include "harness/compare/environment.hpp"
#include "harness/compare/ladder.hpp"
#include "harness/compare/side.hpp"
#include "harness/stats/change.hpp"
#include "harness/stats/rank_tests.hpp"

namespace tlbstorm::compare {

/// What can be said of a metric. `changed` is surely another figure where neither way is better; `unsure` is
/// neither surely another nor surely the same.
enum class Verdict { better, worse, changed, same, unsure };
std::string_view name(Verdict verdict);

struct MetricChange {
  MetricInfo metric;
  /// Of the units of evidence, or where these are too few of all trials; of equal length when paired.
  std::vector<double> base_values, next_values;
  std::string rung;  ///< "8 runs a side, in turn"
  stats::Description base, next;
  double shift = 0;  ///< Hodges and Lehmann's, in the metric's unit
  /// The change as a part of the base: 0.05 is 5% more; NaN where the base is zero. Of a share, in itself:
  /// 0.05 is five percentage points more.
  double change = 0;
  /// Of `change`: what its test would not refuse, so that it covers what it says at any number of trials. NaN
  /// where there are too few for one.
  stats::Interval interval;
  stats::Test test;
  Verdict verdict = Verdict::unsure;
  bool decides = true;  ///< whether a change of the values is one of what was measured (Evidence::decides)
  bool gross = false;   ///< no luck explains it
  /// Where it is unsure: about how many runs a side, measured in turn, such a change would need to show; 0
  /// where none would do.
  std::size_t runs_needed = 0;
  std::vector<std::string> remarks;  ///< values that stand apart
};

struct ComparisonOptions {
  std::vector<std::string> metrics;  ///< globs; empty is all
  double alpha = 0.05;               ///< of false alarms of a comparison, its rows together
  double same_within = 0.02;         ///< an interval within +- this much is "same"
  bool paired = false;  ///< trials were interleaved: the i-th of one side ran beside the i-th of the other
  bool raw = false;     ///< also the columns of samples.csv, a second
};

struct Comparison {
  std::string title;  ///< the point of a sweep or the run of a suite; empty for a plain comparison
  Side base, next;
  std::vector<Difference> differences;
  std::vector<MetricChange> metrics;
  std::vector<DistributionChange> distributions;  ///< of the times of accesses, where they were taken
  std::vector<std::string> notes;                 ///< of the sides as wholes
  bool paired = false;
  std::string evidence = {};  ///< on which rung of the ladder it stands
  std::string made_by = {};   ///< of interleaved trials, the command that made them all
};

/// Compares one metric.
MetricChange compare_values(const MetricInfo& metric, std::vector<double> base, std::vector<double> next,
                            const ComparisonOptions& options);

/// About how many runs a side would show such a change where a row is unsure, at an alpha of its own; 0 where
/// none would do, or there are as many.
std::size_t runs_to_settle(const MetricChange& change, bool paired, double alpha);

Comparison compare(Side base, Side next, const ComparisonOptions& options);

/// Whether a metric is asked for: any of the globs matches, or there is none.
bool wanted(const std::vector<std::string>& globs, const std::string& metric);
/// Each of the globs, which `option` has, has to match a metric that some run has. Throws os::UsageError.
void require_metrics(std::string_view option, const std::vector<std::string>& globs,
                     const std::vector<std::string>& known);

}  // namespace tlbstorm::compare
