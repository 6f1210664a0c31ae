// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/metrics.hpp"

#include <array>
#include <vector>

#include "harness/judge/derivation.hpp"
#include "harness/judge/reclaim.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/stats/buckets.hpp"

namespace tlbstorm::judge {
namespace {

bool applies(Scope scope, const TrialFacts& facts) {
  const auto keeps = [&](const char* name) { return facts.totals.has(column::of_workload(name)); };
  const bool timed = facts.definition.pacing == trial::Pacing::timed;
  switch (scope) {
    case Scope::all:
      return true;
    case Scope::timed:
      return timed;
    case Scope::reclaiming:
      return facts.plan.reclaims;
    case Scope::reclaiming_for_a_time:
      return facts.plan.reclaims && timed;
    case Scope::swapping:
      return facts.plan.swaps;
    case Scope::timing_accesses:
      return facts.definition.times_accesses;
    case Scope::bystanders:
      return facts.plan.bystanders > 0;
    case Scope::counting_bytes:
      return keeps(trial::counter::kBytes);
    case Scope::timing_reclaim:
      return keeps(trial::counter::kReclaimTime);
    case Scope::verifying:
      return keeps(trial::counter::kVerified);
    case Scope::kernel_counted:
      return facts.plan.reclaims && !keeps(trial::counter::kPagesGone);
  }
  return false;
}

/// One column of a Figure in a window; nothing if this machine has no such column.
std::optional<Value> part_of(const TrialFacts& facts, const Window& window, const std::string& column) {
  constexpr std::string_view kMean = "mean ";
  if (column == "seconds") return window.seconds;
  if (column == "worker_seconds") return window.seconds * (facts.plan.workers - facts.plan.onlookers);
  const bool gauge = column.starts_with(kMean);
  const std::string name = gauge ? column.substr(kMean.size()) : column;
  if (!facts.totals.has(name)) return std::nullopt;
  return gauge ? mean(facts, window, name) : growth(facts, window, name);
}

/// The sum of those columns that there are. One that is there and not known makes the sum unknown, too.
Value sum(const TrialFacts& facts, const Window& window, const std::vector<std::string>& columns) {
  std::optional<Value> total;
  for (const std::string& column : columns)
    if (const auto part = part_of(facts, window, column)) total = total ? plus(*total, *part) : *part;
  if (total) return *total;
  const std::string& first = columns.front();
  return missing(facts, first.substr(first.find(' ') + 1));
}

Value own_figure(const TrialFacts& facts, const Window& window, const trial::OwnFigure& figure) {
  const Value part = sum(facts, window, figure.part);
  const Value value = figure.whole.empty()
                          ? part
                          : ratio(part, sum(facts, window, figure.whole), "nothing of that kind happened");
  const auto* const number = std::get_if<double>(&value);
  return number ? Value(*number * figure.scale) : value;
}

void derive_rounds(const TrialFacts& facts, record::Judgement& judgement) {
  const auto keep = [&](std::uint32_t round, std::string name, std::string unit, const Value& value) {
    if (const auto* figure = std::get_if<double>(&value))
      judgement.rounds.push_back({static_cast<int>(round), {std::move(name), std::move(unit), *figure}});
  };
  for (const auto& [round, window] : facts.totals.rounds()) {
    for (const trial::OwnFigure& figure : facts.definition.figures)
      keep(round, figure.name, figure.unit, own_figure(facts, window, figure));
    for (const Metric& metric : metrics())
      if (metric.by_round && applies(metric.scope, facts))
        keep(round, std::string(metric.name), std::string(metric.unit), metric.derive(facts, window));
  }
}

}  // namespace

std::span<const Metric> metrics() {
  static const std::vector<Metric> all = [] {
    std::vector<Metric> chapters;
    for (const auto chapter :
         {reclaim_metrics(), work_metrics(), latency_metrics(), pressure_metrics(), cause_metrics()})
      chapters.insert(chapters.end(), chapter.begin(), chapter.end());
    return chapters;
  }();
  return all;
}

double percentile(const trial::Histogram& histogram, double q) {
  std::vector<stats::Bucket> buckets;
  for (std::size_t i = 0; i < trial::Histogram::kBuckets; ++i)
    if (histogram.count(i) > 0)
      buckets.push_back({static_cast<double>(trial::Histogram::lower(i)),
                         static_cast<double>(histogram.end(i)), static_cast<double>(histogram.count(i))});
  return stats::quantile_of_buckets(buckets, q);
}

void derive(const TrialFacts& facts, record::Judgement& judgement) {
  judgement.reclaim_source = facts.plan.reclaims ? reclaim_source(facts) : "";
  const Window& measured = facts.totals.phase(trial::Phase::measure);
  const auto keep = [&](std::string name, std::string unit, const Value& value) {
    if (const auto* figure = std::get_if<double>(&value))
      judgement.figures.push_back({std::move(name), std::move(unit), *figure});
    else
      judgement.absent.push_back({std::move(name), std::get<record::Absence>(value).reason});
  };
  const auto unless_unfinished = [&](auto get) {
    return measured.seconds > 0 ? Value(get()) : absent("the measured phase was not finished");
  };
  for (const trial::OwnFigure& figure : facts.definition.figures)
    keep(figure.name, figure.unit, unless_unfinished([&] { return own_figure(facts, measured, figure); }));
  for (const Metric& metric : metrics())
    if (applies(metric.scope, facts))
      keep(std::string(metric.name), std::string(metric.unit),
           unless_unfinished([&] { return metric.derive(facts, measured); }));
  if (facts.definition.pacing == trial::Pacing::rounds) derive_rounds(facts, judgement);
}

}  // namespace tlbstorm::judge
