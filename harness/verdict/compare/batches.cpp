// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/compare/batches.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/record/batch.hpp"

namespace tlbstorm::verdict {
namespace {

namespace fs = std::filesystem;
using record::Batch;
using record::BatchEntry;
using record::RunFolder;

bool is_ab(const fs::path& folder) {
  return record::is_batch(folder) && record::read_batch(folder).kind.kind == "ab";
}

bool is_list(const fs::path& folder) { return record::is_batch(folder) && !is_ab(folder); }

Comparison compare_ab(const fs::path& folder, ComparisonOptions options) {
  std::vector<RunFolder> base, next;
  for (BatchEntry& entry : record::read_batch(folder).entries)
    if (entry.run) (entry.value == kBaseValue ? base : next).push_back(std::move(*entry.run));
  if (base.empty() || next.empty())
    throw os::Error(fmt::format("{}: one of the sides has no run", folder.native()),
                    "run `tlbstorm ab` again");
  options.paired = true;
  // What differs between the sides is what was to be compared.
  return compare(Side("base", std::move(base)), Side("new", std::move(next)), options);
}

/// The runs of the same name in all the batches.
std::vector<RunFolder> runs_named(const std::vector<Batch>& batches, const std::string& name) {
  std::vector<RunFolder> runs;
  for (const Batch& batch : batches)
    for (const BatchEntry& entry : batch.entries)
      if (entry.name == name && entry.run) runs.push_back(*entry.run);
  return runs;
}

std::vector<Batch> read_batches(const std::vector<fs::path>& folders) {
  std::vector<Batch> batches;
  for (const fs::path& folder : folders) batches.push_back(record::read_batch(folder));
  return batches;
}

/// For each trial what each worker does, as a part of what each did at the first point.
std::vector<double> parts_of_linear(const Side& point, const Side& first) {
  const auto workers = [](const Side& side) { return side.manifest()["plan"].value("workers", 1.0); };
  const double each = median(first.values("throughput")) / workers(first);
  std::vector<double> parts = point.values("throughput");
  for (double& value : parts) value /= each * workers(point);
  return parts;
}

/// How a sweep of workers scales, beside what it does.
void add_scaling(std::vector<Comparison>& points, const ComparisonOptions& options) {
  const MetricInfo of_linear{"of_linear", "ratio", trial::Better::higher};
  if (!wanted(options.metrics, of_linear.name)) return;
  for (Comparison& point : points) {
    auto before = parts_of_linear(point.base, points.front().base),
         after = parts_of_linear(point.next, points.front().next);
    if (!before.empty() && !after.empty())
      point.metrics.insert(point.metrics.begin(),
                           compare_values(of_linear, std::move(before), std::move(after), options));
  }
}

/// The points that both sides have, in the order of the base.
std::vector<Comparison> compare_points(const std::vector<fs::path>& base, const std::vector<fs::path>& next,
                                       const ComparisonOptions& options, bool force) {
  const std::vector<Batch> before = read_batches(base), after = read_batches(next);
  std::vector<Comparison> points;
  for (const BatchEntry& entry : before.front().entries) {
    std::vector<RunFolder> runs = runs_named(before, entry.name), others = runs_named(after, entry.name);
    if (runs.empty() || others.empty()) continue;
    Comparison point = compare(Side("base", std::move(runs)), Side("new", std::move(others)), options);
    if (!force) refuse_unlike(point.differences);
    point.title =
        entry.value.empty() ? entry.name : fmt::format("{} = {}", before.front().kind.name, entry.value);
    points.push_back(std::move(point));
  }
  if (points.empty())
    throw os::Error(
        fmt::format("{} and {} have no run in common", base.front().native(), next.front().native()),
        "compare a sweep or suite with one of the same name");
  const record::BatchKind& kind = before.front().kind;
  if (kind.kind == "sweep" && kind.name == "workers") add_scaling(points, options);
  return points;
}

}  // namespace

std::vector<Comparison> compare_folders(const std::vector<fs::path>& folders,
                                        const std::vector<fs::path>& more_base,
                                        const ComparisonOptions& options, bool force) {
  if (folders.size() == 1 && more_base.empty()) {
    if (!is_ab(folders.front()))
      throw os::UsageError(fmt::format("{}: there is nothing to compare it with", folders.front().native()),
                           "name the base first, then what is new");
    std::vector<Comparison> one;
    one.push_back(compare_ab(folders.front(), options));
    return one;
  }
  std::vector<fs::path> base = more_base, next = folders;
  base.insert(base.begin(), folders.front());
  next.erase(next.begin());
  if (next.empty())
    throw os::UsageError("there is no new run to compare with the base",
                         "name the base first, then what is new");
  std::vector<fs::path> all = base;
  all.insert(all.end(), next.begin(), next.end());
  const auto lists = std::count_if(all.begin(), all.end(), &is_list);
  if (lists == std::ssize(all)) return compare_points(base, next, options, force);
  if (lists > 0)
    throw os::UsageError("sweeps and suites can't be compared with single runs", "compare like with like");
  Comparison comparison = compare(read_side("base", base), read_side("new", next), options);
  if (!force) refuse_unlike(comparison.differences);
  std::vector<Comparison> one;
  one.push_back(std::move(comparison));
  return one;
}

}  // namespace tlbstorm::verdict
