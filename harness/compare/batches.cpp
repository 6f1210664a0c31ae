// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/batches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "harness/judge/scale.hpp"
#include "harness/os/error.hpp"
#include "harness/record/batch.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::compare {
namespace {

namespace fs = std::filesystem;
using record::Batch;
using record::BatchEntry;
using record::RunFolder;

bool is_pairs(const record::BatchKind& batch) { return batch.kind == "ab"; }

/// Both sides are in it: of `tlbstorm ab`, a suite of two sides, or the lab.
bool has_sides(const Batch& batch) {
  const auto any = [&](const char* side) {
    return std::ranges::any_of(batch.entries, [&](const BatchEntry& one) { return one.value == side; });
  };
  return is_pairs(batch.kind) || (batch.kind.kind != "sweep" && any(kBaseValue) && any(kNextValue));
}

/// Its runs differ, and are compared one by one: those of --repeat are the same run again and again.
bool is_list(const fs::path& folder) {
  if (!record::is_batch(folder)) return false;
  const std::string kind = record::read_batch_kind(folder).kind;
  return kind == "sweep" || kind == "suite";
}

/// What an entry of a sweep or suite is held against.
const std::string& point_of(const BatchEntry& entry) {
  return entry.point.empty() ? entry.name : entry.point;
}

/// Its machine did not survive it: a panic or hang of a guest. What it had measured is no evidence.
bool was_lost(const BatchEntry& entry) {
  static constexpr std::array<std::string_view, 5> kOthers{"finished", "failed", "refused", "interrupted",
                                                           "running"};
  return std::ranges::find(kOthers, entry.state) == kOthers.end();
}

/// Of a side.
std::vector<RunFolder> runs_at(const Batch& batch, const std::string& point, const char* side) {
  std::vector<RunFolder> runs;
  for (const BatchEntry& entry : batch.entries) {
    if (!entry.run || entry.point != point || entry.value != side) continue;
    runs.push_back(*entry.run);
    if (!was_lost(entry)) continue;
    runs.back().manifest.trials.clear();
    runs.back().series.clear();
  }
  return runs;
}

/// Of all points: those of a machine that did not come to them.
void add_lost(const Batch& batch, const std::string& point, const char* value, Side& side) {
  for (const BatchEntry& entry : batch.entries)
    if (was_lost(entry) && entry.value == value && (entry.point == point || entry.point.empty()))
      side.add_lost(entry.state);
}

[[noreturn]] void refuse_lonely(const fs::path& folder) {
  throw os::Error(fmt::format("{}: there is no pair of runs in it", folder.native()), "make them again");
}

Sides make_sides(const std::string& title, std::vector<RunFolder> base, std::vector<RunFolder> next,
                 bool raw) {
  Sides sides{.title = title, .base = {}, .next = make_side("new", std::move(next), raw)};
  sides.base.push_back(make_side("base", std::move(base), raw));
  return sides;
}

/// The two sides that one folder holds, point by point.
std::vector<Sides> sides_of(const Batch& batch, bool raw) {
  std::vector<Sides> all;
  if (is_pairs(batch.kind)) {
    auto [base, next] = runs_of_ab(batch);
    if (base.empty()) refuse_lonely(batch.path);
    all.push_back(make_sides("", std::move(base), std::move(next), raw));
    all.front().paired = all.front().of_one_folder = true;
    all.front().made_by = batch.kind.about;
    return all;
  }
  std::vector<std::string> points;
  for (const BatchEntry& entry : batch.entries)
    if (entry.run && std::ranges::find(points, entry.point) == points.end()) points.push_back(entry.point);
  std::vector<std::string> missing, added;
  for (const std::string& point : points) {
    std::vector<RunFolder> base = runs_at(batch, point, kBaseValue), next = runs_at(batch, point, kNextValue);
    if (!base.empty() && !next.empty()) {
      all.push_back(make_sides(point, std::move(base), std::move(next), raw));
      add_lost(batch, point, kBaseValue, all.back().base.front());
      add_lost(batch, point, kNextValue, all.back().next);
    } else if (!base.empty() || !next.empty())
      (base.empty() ? added : missing).push_back(point);
  }
  if (all.empty()) refuse_lonely(batch.path);
  all.front().missing = std::move(missing);
  all.front().added = std::move(added);
  for (Sides& one : all) one.of_one_folder = true;
  return all;
}

/// The runs of the same point in all the batches.
std::vector<RunFolder> runs_named(const std::vector<Batch>& batches, const std::string& name) {
  std::vector<RunFolder> runs;
  for (const Batch& batch : batches)
    for (const BatchEntry& entry : batch.entries)
      if (point_of(entry) == name && entry.run) runs.push_back(*entry.run);
  return runs;
}

std::vector<Batch> read_batches(const std::vector<fs::path>& folders) {
  std::vector<Batch> batches;
  for (const fs::path& folder : folders) batches.push_back(record::read_batch(folder));
  return batches;
}

/// kOfLinear, of each trial.
std::vector<double> parts_of_linear(const Side& point, const Side& first) {
  const auto workers = [](const Side& side) { return std::max(1, side.manifest().plan.workers); };
  const double each = stats::median(first.values(metric::kThroughput)) / workers(first);
  if (!(each > 0)) return {};
  std::vector<double> parts = point.values(metric::kThroughput);
  for (double& value : parts) value /= each * workers(point);
  return parts;
}

/// How a sweep of workers scales, beside what it does.
void add_scaling(std::vector<Comparison>& points, const ComparisonOptions& options) {
  const MetricInfo of_linear{kOfLinear, "ratio", trial::Better::higher};
  if (!wanted(options.metrics, of_linear.name)) return;
  for (Comparison& point : points) {
    auto before = parts_of_linear(point.base, points.front().base),
         after = parts_of_linear(point.next, points.front().next);
    if (!before.empty() && !after.empty())
      point.metrics.insert(point.metrics.begin(),
                           compare_values(of_linear, std::move(before), std::move(after), options));
  }
}

/// In their order.
std::vector<std::string> points_of(const Batch& batch) {
  std::vector<std::string> points;
  for (const BatchEntry& entry : batch.entries)
    if (std::ranges::find(points, point_of(entry)) == points.end()) points.push_back(point_of(entry));
  return points;
}

/// "workers = 2" of a sweep, the name of a suite's line.
std::string title_of(const Batch& batch, const std::string& point) {
  for (const BatchEntry& entry : batch.entries)
    if (batch.kind.kind == "sweep" && point_of(entry) == point)
      return fmt::format("{} = {}", batch.kind.name, entry.value);
  return point;
}

/// What one side has runs of and the other has not.
std::vector<std::string> only_in(const std::vector<Batch>& some, const std::vector<Batch>& others) {
  std::vector<std::string> names;
  for (const std::string& point : points_of(some.front()))
    if (!runs_named(some, point).empty() && runs_named(others, point).empty()) names.push_back(point);
  return names;
}

/// The points that both sides have, in the order of the base.
std::vector<Sides> points(const std::vector<fs::path>& base, const std::vector<fs::path>& next, bool raw) {
  const std::vector<Batch> before = read_batches(base), after = read_batches(next);
  std::vector<Sides> all;
  for (const std::string& point : points_of(before.front())) {
    std::vector<RunFolder> runs = runs_named(before, point), others = runs_named(after, point);
    if (!runs.empty() && !others.empty())
      all.push_back(make_sides(title_of(before.front(), point), std::move(runs), std::move(others), raw));
  }
  if (all.empty())
    throw os::Error(
        fmt::format("{} and {} have no run in common", base.front().native(), next.front().native()),
        "compare a sweep or suite with one of the same name");
  all.front().missing = only_in(before, after);
  all.front().added = only_in(after, before);
  return all;
}

bool is_sweep_of_workers(const fs::path& folder) {
  if (!is_list(folder)) return false;
  const record::BatchKind kind = record::read_batch_kind(folder);
  return kind.kind == "sweep" && kind.name == "workers";
}

std::vector<Sides> single(Sides sides) {
  std::vector<Sides> all;
  all.push_back(std::move(sides));
  return all;
}

}  // namespace

std::pair<std::vector<RunFolder>, std::vector<RunFolder>> runs_of_ab(const Batch& batch) {
  std::map<std::string, std::pair<const BatchEntry*, const BatchEntry*>> pairs;  // by their numbers
  for (const BatchEntry& entry : batch.entries) {
    auto& pair = pairs[entry.name.substr(std::min(entry.name.rfind('-'), entry.name.size()))];
    if (entry.run) (entry.value == kBaseValue ? pair.first : pair.second) = &entry;
  }
  std::pair<std::vector<RunFolder>, std::vector<RunFolder>> runs;
  for (const auto& [number, pair] : pairs) {
    if (pair.first == nullptr || pair.second == nullptr) continue;
    runs.first.push_back(*pair.first->run);
    runs.second.push_back(*pair.second->run);
  }
  return runs;
}

namespace {

/// A run that is named twice would be twice the evidence.
void refuse_twice(const std::vector<fs::path>& side) {
  for (std::size_t i = 0; i < side.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      std::error_code missing;
      if (fs::equivalent(side[i], side[j], missing))
        throw os::UsageError(fmt::format("{} is named twice on one side", side[i].native()),
                             "name each run once");
    }
}

/// What shares were in before stands for what they are in.
std::string_view as_now(std::string_view unit) { return unit == judge::kFormerShare ? judge::kShare : unit; }

/// Figures in different units are no change of each other.
void refuse_other_units(const Sides& sides) {
  if (sides.base.empty()) return;
  for (const MetricInfo& metric : sides.base.front().metrics())
    for (const MetricInfo& other : sides.next.metrics())
      if (metric.name == other.name && as_now(metric.unit) != as_now(other.unit))
        throw os::UsageError(fmt::format("{} is in {} on one side and in {} on the other", metric.name,
                                         metric.unit, other.unit),
                             "measure both sides in one unit");
}

std::vector<Sides> read_any_sides(const std::vector<fs::path>& folders,
                                  const std::vector<fs::path>& more_base, bool alone, bool raw) {
  if (folders.size() == 1 && more_base.empty()) {
    if (record::is_batch(folders.front()))
      if (const Batch batch = record::read_batch(folders.front()); has_sides(batch))
        return sides_of(batch, raw);
    if (alone && !is_list(folders.front()))
      return single({.title = "", .base = {}, .next = read_side("new", folders, raw)});
    throw os::UsageError(fmt::format("{}: there is nothing to compare it with", folders.front().native()),
                         "name the base first, then what is new");
  }
  std::vector<fs::path> base = more_base, next = folders;
  base.insert(base.begin(), folders.front());
  next.erase(next.begin());
  if (next.empty())
    throw os::UsageError("there is no new run to compare with the base",
                         "name the base first, then what is new");
  refuse_twice(base);
  refuse_twice(next);
  std::vector<fs::path> all = base;
  all.insert(all.end(), next.begin(), next.end());
  for (const fs::path& path : all)
    if (record::is_batch(path) && has_sides(record::read_batch(path)))
      throw os::UsageError(fmt::format("{} holds both sides", path.native()), "name it alone");
  const auto lists = std::count_if(all.begin(), all.end(), &is_list);
  if (lists == std::ssize(all)) return points(base, next, raw);
  if (lists > 0)
    throw os::UsageError("sweeps and suites can't be compared with single runs", "compare like with like");
  Sides sides{.title = "", .base = {}, .next = read_side("new", next, raw)};
  sides.base.push_back(read_side("base", base, raw));
  return single(std::move(sides));
}

}  // namespace

std::vector<Sides> read_sides(const std::vector<fs::path>& folders, const std::vector<fs::path>& more_base,
                              bool alone, bool raw) {
  std::vector<Sides> all = read_any_sides(folders, more_base, alone, raw);
  for (const Sides& one : all) refuse_other_units(one);
  return all;
}

std::vector<Comparison> compare_folders(const std::vector<fs::path>& folders,
                                        const std::vector<fs::path>& more_base,
                                        const ComparisonOptions& options, bool force) {
  std::vector<Comparison> parts;
  for (Sides& sides : read_sides(folders, more_base, false, options.raw)) {
    ComparisonOptions how = options;
    how.paired |= sides.paired;
    Comparison part = compare(std::move(sides.base.front()), std::move(sides.next), how);
    if (!force && !sides.of_one_folder) refuse_unlike(part.differences);
    part.title = sides.title;
    part.made_by = sides.made_by;
    for (const std::string& name : sides.missing)
      part.notes.push_back(fmt::format("only the base has the run {}", name));
    for (const std::string& name : sides.added)
      part.notes.push_back(fmt::format("only the new side has the run {}", name));
    parts.push_back(std::move(part));
  }
  if (parts.size() > 1 && is_sweep_of_workers(folders.front())) add_scaling(parts, options);
  std::vector<std::string> known;
  for (const Comparison& part : parts) {
    for (const Side* const side : {&part.base, &part.next})
      for (const MetricInfo& metric : side->metrics()) known.push_back(metric.name);
    for (const MetricChange& one : part.metrics) known.push_back(one.metric.name);
  }
  require_metrics("--metrics", options.metrics, known);
  return parts;
}

}  // namespace tlbstorm::compare
