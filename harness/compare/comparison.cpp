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
#include "harness/compare/gate/gross.hpp"
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
  const std::vector<double> logs =
      change.metric.in_points() ? std::vector<double>() : quotients(change.base_values, change.next_values);
  change.test = stats::signed_rank(logs.empty() ? differences : logs);
  const double whole = change.metric.in_points() ? 1 : std::abs(change.base.median);
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
  change.change = change.metric.in_points() ? kNone : stats::ratio(base, next) - 1;
  if (!std::isnan(change.change)) {
    const stats::Interval interval = stats::mann_whitney_interval(base, next, options.alpha);
    change.interval = {interval.low - 1, interval.high - 1};
    return;
  }
  const double whole = change.metric.in_points() ? 1 : std::abs(change.base.median);
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

/// Whether it is surely another figure, but by so little that it does not matter.
bool is_nothing(const MetricChange& change) {
  return change.verdict != Verdict::unsure && std::abs(change.shift) < change.metric.least_change();
}

Verdict direction_of(const MetricChange& change) {
  if (change.metric.better == trial::Better::neither) return Verdict::changed;
  return (change.shift < 0) == (change.metric.better == trial::Better::lower) ? Verdict::better
                                                                              : Verdict::worse;
}

Verdict decide(const MetricChange& change, const ComparisonOptions& options) {
  const bool known = !std::isnan(change.interval.low) && !std::isnan(change.interval.high);
  // At a base of zero there is no part to speak of, but the order of the values still tells.
  const bool another = change.test.p <= options.alpha && (!known || !change.interval.contains(0));
  if (another) return direction_of(change);
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

bool any_rests_on_few(const Side& side, std::string_view metric) {
  return std::any_of(side.runs().begin(), side.runs().end(),
                     [&](const record::RunFolder& run) { return judge::rests_on_few(run, metric); });
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
    if (const Ends ends = side->ends(); ends.unexpected > 0)
      notes.push_back(fmt::format("{}: {} of {} {} ended otherwise than expected ({})", side->name(),
                                  ends.unexpected, ends.ended, ends.of, ends.how));
    if (std::string corruption = side->corruption(); !corruption.empty())
      notes.push_back(std::move(corruption));
    if (side->valid_trials() < side->trials())
      notes.push_back(fmt::format("{}: {} of {} trials are invalid and left out: see tlbstorm report",
                                  side->name(), side->trials() - side->valid_trials(), side->trials()));
    for (const record::RunFolder& run : side->runs())
      for (const std::string& remark : run.remarks)
        notes.push_back(fmt::format("{}: {}", run.path.native(), remark));
  }
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

std::size_t runs_to_settle(const MetricChange& change, bool paired, double alpha) {
  if (change.verdict != Verdict::unsure || paired || std::isnan(change.change)) return 0;
  const double cv = std::max(change.base.cv, change.next.cv);
  std::size_t needed = std::isnan(cv) ? 0 : stats::trials_needed(change.change, cv, {.alpha = alpha});
  constexpr std::size_t kHopeless = 1000;
  if (needed == 0 || needed > kHopeless) return 0;
  while (stats::smallest_p(needed, needed) > alpha) ++needed;
  return !change.decides || needed > std::min(change.base.n, change.next.n) ? needed : 0;
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
  if (is_nothing(change)) change.verdict = Verdict::same;
  remark_outliers("base", change.base, change.base_values, change);
  remark_outliers("new", change.next, change.next_values, change);
  change.runs_needed = runs_to_settle(change, paired, options.alpha);
  return change;
}

namespace {

bool has_answer(const MetricChange& change) {
  return change.verdict != Verdict::same && change.verdict != Verdict::unsure;
}

/// So far either way that no luck of a run explains it.
bool is_gross(const Side& base, const Side& next, const MetricInfo& metric) {
  return std::ranges::any_of(std::array{true, false}, [&](bool more) {
    const Rule no_change{.text = "", .metric = metric.name, .at_most = more, .bound = ""};
    return gross_change(base.values_by_run(metric.name), next.values_by_run(metric.name), metric, no_change,
                        0)
        .has_value();
  });
}

MetricChange compare_metric(const Side& base, const Side& next, const MetricInfo& metric,
                            const Evidence& evidence, const ComparisonOptions& options) {
  ComparisonOptions how = options;
  how.paired = evidence.paired;
  MetricChange change = compare_values(metric, evidence.base_values, evidence.next_values, how);
  change.rung = evidence.text();
  change.decides = evidence.decides();
  if (change.decides) return change;
  const bool is_asked_for = !options.metrics.empty() || metric.name == base.manifest().workload.primary;
  if (is_asked_for && is_gross(base, next, metric)) {
    change.gross = true;
    change.verdict = direction_of(change);
    change.remarks.emplace_back("gross: no luck of a run explains it");
  } else if (has_answer(change)) {
    change.verdict = Verdict::unsure;
  }
  change.runs_needed = runs_to_settle(change, how.paired, options.alpha);
  return change;
}

/// What the comparison stands on: that of the primary metric, or of the first that there is.
void tell_evidence(Comparison& comparison, const Evidence& evidence) {
  comparison.evidence = evidence.text();
  if (const std::string why = evidence.why_not(); !why.empty())
    comparison.notes.push_back(fmt::format("{}: no verdict but on what is gross{}", why,
                                           evidence.in_turn ? "" : fmt::format("; {}", kMeasureInTurn)));
}

void doubt(Comparison& comparison) {
  for (const Side* const side : {&comparison.base, &comparison.next})
    if (const std::string doubt = side->doubt(); !doubt.empty()) {
      comparison.notes.push_back(doubt + ": no verdict on it is sure");
      for (MetricChange& change : comparison.metrics) change.verdict = Verdict::unsure;
    }
}

}  // namespace

Comparison compare(Side base, Side next, const ComparisonOptions& options) {
  Comparison comparison{"", std::move(base), std::move(next), {}, {}, {}, {}, options.paired};
  comparison.differences = differences(comparison.base, comparison.next);
  comparison.notes = notes_on(comparison.base, comparison.next, options);
  const std::string& primary = comparison.base.manifest().workload.primary;
  std::optional<Evidence> told;
  for (const MetricInfo& metric : comparison.base.metrics()) {
    if (!wanted(options.metrics, metric.name)) continue;
    const Evidence evidence = evidence_of(comparison.base, comparison.next, metric.name, options.paired);
    if (evidence.base_values.empty() || evidence.next_values.empty()) continue;
    if (!told || metric.name == primary) told = evidence;
    MetricChange change = compare_metric(comparison.base, comparison.next, metric, evidence, options);
    if (any_rests_on_few(comparison.base, metric.name) || any_rests_on_few(comparison.next, metric.name))
      change.remarks.emplace_back(judge::kFewNote);
    if (instrument_differs(comparison.base, comparison.next, metric)) {
      change.verdict = Verdict::unsure;
      change.runs_needed = 0;
      change.remarks.emplace_back(kInstrumentDiffers);
    }
    comparison.metrics.push_back(std::move(change));
  }
  if (told) tell_evidence(comparison, *told);
  if (options.metrics.empty())
    comparison.distributions = compare_distributions(comparison.base, comparison.next, options.paired);
  if (rest_on_few(comparison.distributions))
    comparison.notes.push_back(fmt::format("{} {}", judge::kFewMark, judge::kFewNote));
  if (std::string shared = correct(comparison.metrics, primary, options); !shared.empty())
    comparison.notes.push_back(std::move(shared));
  doubt(comparison);
  return comparison;
}

}  // namespace tlbstorm::compare
