// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "harness/compare/correction.hpp"
#include "harness/judge/emulation.hpp"
#include "harness/judge/latencies.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"
#include "harness/stats/buckets.hpp"
#include "harness/stats/power.hpp"

namespace tlbstorm::compare {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<double> quotients(stats::Values base, stats::Values next) {
  std::vector<double> all;
  for (std::size_t i = 0; i < base.size(); ++i) {
    if (!(base[i] > 0 && next[i] > 0)) return {};
    all.push_back(std::log(next[i] / base[i]));
  }
  return all;
}

void compare_pairs(MetricChange& change, const ComparisonOptions& options) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < change.base_values.size(); ++i)
    differences.push_back(change.next_values[i] - change.base_values[i]);
  change.shift = stats::paired_shift(differences);
  const std::vector<double> logs = quotients(change.base_values, change.next_values);
  change.test = stats::signed_rank(logs.empty() ? differences : logs);
  const double whole = std::abs(change.base.median);
  const auto part = [&](double value) {
    if (!logs.empty()) return std::expm1(value);
    return whole > 0 ? value / whole : kNone;
  };
  const std::vector<double>& evidence = logs.empty() ? differences : logs;
  change.change = part(stats::paired_shift(evidence));
  const stats::Interval interval = stats::signed_rank_interval(evidence, options.alpha);
  change.interval = {part(interval.low), part(interval.high)};
}

/// The median of all quotients; where a value is not positive, the shift as a part of the base's median.
void compare_sides(MetricChange& change, const ComparisonOptions& options) {
  const stats::Values base = change.base_values, next = change.next_values;
  change.shift = stats::shift(base, next);
  change.test = stats::mann_whitney(base, next);
  change.change = stats::ratio(base, next) - 1;
  if (!std::isnan(change.change)) {
    const stats::Interval interval = stats::mann_whitney_interval(base, next, options.alpha);
    change.interval = {interval.low - 1, interval.high - 1};
    return;
  }
  const double whole = std::abs(change.base.median);
  if (whole == 0) {
    change.change = kNone;
    change.interval = {kNone, kNone};
    return;
  }
  change.change = change.shift / whole;
  const stats::Interval interval = stats::mann_whitney_shift_interval(base, next, options.alpha);
  change.interval = {interval.low / whole, interval.high / whole};
}

double best_p(const MetricChange& change, bool paired) {
  return paired ? stats::smallest_p_of_pairs(change.base.n) : stats::smallest_p(change.base.n, change.next.n);
}

Verdict decide(const MetricChange& change, const ComparisonOptions& options) {
  const bool known = !std::isnan(change.interval.low) && !std::isnan(change.interval.high);
  // At a base of zero there is no part to speak of, but the order of the values still tells.
  const bool another = change.test.p <= options.alpha && (!known || !change.interval.contains(0));
  if (another) {
    if (change.metric.better == trial::Better::neither) return Verdict::changed;
    return (change.shift < 0) == (change.metric.better == trial::Better::lower) ? Verdict::better
                                                                                : Verdict::worse;
  }
  if (known && change.interval.low >= -options.same_within && change.interval.high <= options.same_within)
    return Verdict::same;
  const bool all_equal = change.base.n > 0 && change.next.n > 0 && change.base.min == change.base.max &&
                         change.next.min == change.next.max && change.base.min == change.next.min;
  return all_equal ? Verdict::same : Verdict::unsure;
}

void remark_outliers(const char* side, const stats::Description& what, stats::Values values,
                     MetricChange& change) {
  if (what.outliers.empty()) return;
  std::vector<std::string> far;
  for (const std::size_t i : what.outliers) far.push_back(fmt::format("{:.4g}", values[i]));
  change.remarks.push_back(fmt::format("{}: outlier{} {} (median {:.4g})", side, far.size() == 1 ? "" : "s",
                                       fmt::join(far, ", "), what.median));
}

void remark_drift(const Side& base, const Side& next, MetricChange& change) {
  const bool another = change.verdict != Verdict::same && change.verdict != Verdict::unsure;
  if (!another || !drift_explains(base, next, change)) return;
  change.verdict = Verdict::unsure;
  change.remarks.emplace_back(
      "the values drift that way within the runs, too: interleave the trials (tlbstorm ab)");
}

bool any_rests_on_few(const Side& side, std::string_view metric) {
  return std::any_of(side.runs().begin(), side.runs().end(),
                     [&](const record::RunFolder& run) { return judge::rests_on_few(run, metric); });
}

std::string few_trials(const Side& base, const Side& next, const ComparisonOptions& options) {
  const auto b = static_cast<std::size_t>(base.valid_trials()),
             n = static_cast<std::size_t>(next.valid_trials());
  const double best = options.paired ? stats::smallest_p_of_pairs(std::min(b, n)) : stats::smallest_p(b, n);
  if (best <= options.alpha / 5) return "";
  const std::string count = options.paired ? fmt::format("{} pairs of trials", std::min(b, n))
                            : b == n       ? fmt::format("{} trials a side", b)
                                           : fmt::format("{} and {} trials", b, n);
  return fmt::format("{} can at best show p = {:.2g}{}", count, best,
                     best > options.alpha ? ": no change can be shown" : "");
}

/// Absent is not zero: what can't be compared is named.
void note_absent(const Side& side, const Side& other, const char* who, const ComparisonOptions& options,
                 std::vector<std::string>& notes) {
  std::vector<std::string> names;
  for (const MetricInfo& metric : side.metrics())
    if (wanted(options.metrics, metric.name) && !other.has(metric.name)) names.push_back(metric.name);
  constexpr std::size_t kMost = 8;
  const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  if (!names.empty())
    notes.push_back(fmt::format("only {} has {}{}", who, fmt::join(names, ", "),
                                more > 0 ? fmt::format(" and {} more", more) : ""));
}

std::vector<std::string> notes_on(const Side& base, const Side& next, const ComparisonOptions& options) {
  std::vector<std::string> notes;
  for (const Side* const side : {&base, &next}) {
    if (std::string corruption = side->corruption(); !corruption.empty())
      notes.push_back(std::move(corruption));
    if (side->valid_trials() < side->trials())
      notes.push_back(fmt::format("{}: {} of {} trials are invalid and left out: see tlbstorm report",
                                  side->name(), side->trials() - side->valid_trials(), side->trials()));
    for (const record::RunFolder& run : side->runs())
      for (const std::string& remark : run.remarks)
        notes.push_back(fmt::format("{}: {}", run.path.native(), remark));
  }
  if (const std::string few = few_trials(base, next, options); !few.empty()) notes.push_back(few);
  note_absent(base, next, "the base", options, notes);
  note_absent(next, base, "the new side", options, notes);
  if (judge::is_emulated(base.manifest()) || judge::is_emulated(next.manifest()))
    notes.emplace_back(judge::kEmulatedLegend);
  return notes;
}

}  // namespace

std::string_view name(Verdict verdict) {
  static constexpr std::array<std::string_view, 5> kNames{"better", "worse", "changed", "same", "unsure"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::pair<std::vector<double>, std::vector<double>> values_of(const Side& base, const Side& next,
                                                              const std::string& metric, bool paired) {
  if (!paired) return {base.values(metric), next.values(metric)};
  std::pair<std::vector<double>, std::vector<double>> pairs;
  for (std::size_t i = 0; i < std::min(base.runs().size(), next.runs().size()); ++i) {
    const record::RunFolder &before = base.runs()[i], &after = next.runs()[i];
    const record::Series *const one = before.find(metric), *const other = after.find(metric);
    if (one == nullptr || other == nullptr) continue;
    for (const auto& [trial, value] : one->by_trial) {
      const auto found = other->by_trial.find(trial);
      if (found == other->by_trial.end() || !before.valid(trial) || !after.valid(trial)) continue;
      pairs.first.push_back(value);
      pairs.second.push_back(found->second);
    }
  }
  return pairs;
}

namespace {

/// By how much values grow from one to the next: the median of all slopes within the series (Theil and Sen).
double slope(const std::vector<std::vector<double>>& series) {
  std::vector<double> slopes;
  for (const std::vector<double>& values : series)
    for (std::size_t i = 0; i < values.size(); ++i)
      for (std::size_t j = i + 1; j < values.size(); ++j)
        slopes.push_back((values[j] - values[i]) / static_cast<double>(j - i));
  return stats::median(slopes);
}

}  // namespace

bool drift_explains(const Side& base, const Side& next, const MetricChange& change) {
  constexpr double kDrifts = 0.05;
  std::vector<std::vector<double>> series = base.values_by_run(change.metric.name);
  const auto others = next.values_by_run(change.metric.name);
  series.insert(series.end(), others.begin(), others.end());
  const stats::Test drift = stats::trend(series);
  if (drift.p > kDrifts || (drift.statistic > 0) != (change.shift > 0)) return false;
  // One after the other, the sides' middles are half of all trials apart. The slope is not known better than
  // that it may be three times as steep, and all of it must not be taken for a change.
  const auto trials = static_cast<double>(change.base.n + change.next.n);
  constexpr double kSteeper = 3;
  return kSteeper * std::abs(slope(series)) * trials / 2 >= std::abs(change.shift);
}

bool wanted(const std::vector<std::string>& globs, const std::string& metric) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return ::fnmatch(glob.c_str(), metric.c_str(), 0) == 0;
         });
}

void require_metrics(std::string_view option, const std::vector<std::string>& globs,
                     const std::vector<std::string>& known) {
  for (const std::string& glob : globs) {
    if (std::any_of(known.begin(), known.end(), [&](const auto& metric) { return wanted({glob}, metric); }))
      continue;
    const std::string near = os::nearest(glob, known);
    throw os::UsageError(option, glob, "no valid trial has such a metric",
                         near.empty() ? "see: tlbstorm list metrics; tlbstorm report tells why one is absent"
                                      : fmt::format("did you mean {}?", near));
  }
}

std::size_t trials_to_settle(const MetricChange& change, bool paired, double alpha) {
  if (change.verdict != Verdict::unsure || paired || std::isnan(change.change)) return 0;
  const double cv = std::max(change.base.cv, change.next.cv);
  const std::size_t needed = std::isnan(cv) ? 0 : stats::trials_needed(change.change, cv, {.alpha = alpha});
  constexpr std::size_t kHopeless = 1000;
  return needed > std::min(change.base.n, change.next.n) && needed <= kHopeless ? needed : 0;
}

MetricChange compare_values(const MetricInfo& metric, std::vector<double> base, std::vector<double> next,
                            const ComparisonOptions& options) {
  MetricChange change;
  change.metric = metric;
  change.base_values = std::move(base);
  change.next_values = std::move(next);
  change.base = stats::describe(change.base_values);
  change.next = stats::describe(change.next_values);
  const bool paired = options.paired && change.base.n == change.next.n;
  paired ? compare_pairs(change, options) : compare_sides(change, options);
  if (best_p(change, paired) <= options.alpha) change.verdict = decide(change, options);
  remark_outliers("base", change.base, change.base_values, change);
  remark_outliers("new", change.next, change.next_values, change);
  change.trials_needed = trials_to_settle(change, paired, options.alpha);
  return change;
}

Comparison compare(Side base, Side next, const ComparisonOptions& options) {
  Comparison comparison{"", std::move(base), std::move(next), {}, {}, {}, {}, options.paired};
  comparison.differences = differences(comparison.base, comparison.next);
  comparison.notes = notes_on(comparison.base, comparison.next, options);
  for (const MetricInfo& metric : comparison.base.metrics()) {
    if (!wanted(options.metrics, metric.name)) continue;
    auto [before, after] = values_of(comparison.base, comparison.next, metric.name, options.paired);
    if (before.empty() || after.empty()) continue;
    MetricChange change = compare_values(metric, std::move(before), std::move(after), options);
    if (!options.paired) remark_drift(comparison.base, comparison.next, change);
    if (any_rests_on_few(comparison.base, metric.name) || any_rests_on_few(comparison.next, metric.name))
      change.remarks.emplace_back(judge::kFewNote);
    if (instrument_differs(comparison.base, comparison.next, metric)) {
      change.verdict = Verdict::unsure;
      change.trials_needed = 0;
      change.remarks.emplace_back(kInstrumentDiffers);
    }
    comparison.metrics.push_back(std::move(change));
  }
  if (options.metrics.empty())
    comparison.distributions = compare_distributions(comparison.base, comparison.next, options.paired);
  if (rest_on_few(comparison.distributions))
    comparison.notes.push_back(fmt::format("{} {}", judge::kFewMark, judge::kFewNote));
  if (std::string shared = correct(comparison.metrics, comparison.base.manifest().workload.primary, options);
      !shared.empty())
    comparison.notes.push_back(std::move(shared));
  for (const Side* const side : {&comparison.base, &comparison.next})
    if (const std::string doubt = side->doubt(); !doubt.empty()) {
      comparison.notes.push_back(doubt + ": no verdict on it is sure");
      for (MetricChange& change : comparison.metrics) change.verdict = Verdict::unsure;
    }
  return comparison;
}

}  // namespace tlbstorm::compare
