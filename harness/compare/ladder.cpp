// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/ladder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "harness/os/text.hpp"
#include "harness/stats/sample.hpp"

namespace tlbstorm::compare {
namespace {

using std::chrono::milliseconds;
using Moment = std::optional<std::chrono::sys_time<milliseconds>>;

std::vector<Unit> runs_of(const Side& side, const std::string& metric) {
  const std::vector<std::vector<double>> values = side.values_by_run(metric);
  std::vector<Unit> units;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const record::RunManifest& manifest = side.runs()[i].manifest;
    if (!values[i].empty())
      units.push_back({stats::median(values[i]), began(manifest), manifest.writer.boot_id});
  }
  return units;
}

/// The median of what belongs together.
Unit together(const std::vector<Unit>& runs) {
  std::vector<double> values;
  Unit all{0, runs.front().began, runs.front().boot, runs.size()};
  for (const Unit& run : runs) {
    values.push_back(run.value);
    if (run.began < all.began) all.began = run.began;
  }
  all.value = stats::median(values);
  return all;
}

std::set<std::string> boots_of(const Side& side) {
  std::set<std::string> boots;
  for (const record::RunFolder& run : side.runs()) boots.insert(run.manifest.writer.boot_id);
  return boots;
}

/// None in common, and all of them known.
bool boots_differ(const Side& base, const Side& next) {
  std::set<std::string> boots = boots_of(base);
  const std::set<std::string> others = boots_of(next);
  const std::size_t all = boots.size() + others.size();
  boots.insert(others.begin(), others.end());
  return boots.size() == all && !boots.contains("");
}

Rung highest_that_differs(const Side& base, const Side& next) {
  const auto machine = [](const Side& side) {
    const record::RunManifest& manifest = side.manifest();
    return std::tuple(manifest.topology, manifest.fact("cpu_model"), manifest.fact("hypervisor"));
  };
  if (machine(base) != machine(next)) return Rung::machine;
  return boots_differ(base, next) ? Rung::boot : Rung::run;
}

/// The n-th run of each side; of a single run a side, trial by trial. Where both are valid.
Evidence pairs_of(const Side& base, const Side& next, const std::string& metric) {
  Evidence evidence;
  evidence.rung = evidence.described_by = Rung::run;
  evidence.paired = true;
  const std::size_t pairs = std::min(base.runs().size(), next.runs().size());
  const auto before = base.values_by_run(metric), after = next.values_by_run(metric);
  for (std::size_t i = 0; i < pairs && pairs > 1; ++i)
    if (!before[i].empty() && !after[i].empty()) {
      evidence.base.push_back({stats::median(before[i]), began(base.runs()[i].manifest), ""});
      evidence.next.push_back({stats::median(after[i]), began(next.runs()[i].manifest), ""});
    }
  if (pairs == 1) {
    evidence.rung = evidence.described_by = Rung::trial;
    const record::RunFolder &one = base.runs().front(), &other = next.runs().front();
    const record::Series *const of_base = one.find(metric), *const of_next = other.find(metric);
    if (of_base != nullptr && of_next != nullptr)
      for (const auto& [trial, value] : of_base->by_trial)
        if (const auto found = of_next->by_trial.find(trial);
            found != of_next->by_trial.end() && one.valid(trial) && other.valid(trial)) {
          evidence.base.push_back({value, std::nullopt, ""});
          evidence.next.push_back({found->second, std::nullopt, ""});
        }
  }
  evidence.base_values = values_of(evidence.base);
  evidence.next_values = values_of(evidence.next);
  return evidence;
}

std::string count(std::size_t base, std::size_t next, Rung rung) {
  const auto some = [&](std::size_t n) { return fmt::format("{} {}{}", n, name(rung), n == 1 ? "" : "s"); };
  return base == next ? some(base) + " a side" : fmt::format("{} and {}", some(base), next);
}

/// Two occasions are at least so far apart.
constexpr std::chrono::hours kApart{1};

/// Whether both sides have runs in each of the occasions.
bool share_occasions(const std::vector<Unit>& base, const std::vector<Unit>& next) {
  std::vector<std::pair<Moment, bool>> order;
  for (const Unit& run : base) order.emplace_back(run.began, true);
  for (const Unit& run : next) order.emplace_back(run.began, false);
  std::ranges::sort(order);
  std::set<bool> sides;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && *order[i].first - *order[i - 1].first >= kApart && std::exchange(sides, {}).size() < 2)
      return false;
    sides.insert(order[i].second);
  }
  return sides.size() == 2;
}

std::size_t runs_in(const std::vector<Unit>& units) {
  std::size_t runs = 0;
  for (const Unit& unit : units) runs += unit.runs;
  return runs;
}

}  // namespace

std::vector<double> values_of(const std::vector<Unit>& units) {
  std::vector<double> values;
  for (const Unit& unit : units) values.push_back(unit.value);
  return values;
}

Moment began(const record::RunManifest& manifest) {
  std::string_view text = manifest.started;  // 2026-11-27T14:00:00.123Z
  const auto number = [&](std::size_t digits) -> int {
    const auto value = os::to_number(text.substr(0, digits));
    text.remove_prefix(std::min(digits + 1, text.size()));
    return value ? static_cast<int>(*value) : -1;
  };
  const int year = number(4), month = number(2), day = number(2), hour = number(2), minute = number(2),
            second = number(2), ms = std::max(0, number(3));  // which older runs don't tell
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + milliseconds(ms);
}

std::vector<Unit> units_of(const Side& side, const std::string& metric, Rung rung) {
  std::vector<Unit> runs = runs_of(side, metric);
  if (rung < Rung::occasion) return runs;
  if (rung == Rung::machine) return runs.empty() ? runs : std::vector<Unit>{together(runs)};
  std::ranges::stable_sort(runs, {}, &Unit::began);
  std::vector<std::vector<Unit>> groups;
  const auto belongs = [&](const std::vector<Unit>& group, const Unit& run) {
    if (group.back().boot != run.boot) return false;
    return rung == Rung::boot || !run.began || !group.back().began ||
           *run.began - *group.back().began < kApart;
  };
  for (const Unit& run : runs) {
    const auto group = std::ranges::find_if(groups, [&](const auto& one) { return belongs(one, run); });
    group == groups.end() ? groups.push_back({run}) : group->push_back(run);
  }
  std::vector<Unit> units;
  for (const std::vector<Unit>& group : groups) units.push_back(together(group));
  return units;
}

bool were_in_turn(const std::vector<Unit>& base, const std::vector<Unit>& next) {
  if (base.size() < 2 || next.size() < 2) return false;
  std::vector<std::pair<Moment, bool>> order;
  for (const Unit& unit : base) order.emplace_back(unit.began, true);
  for (const Unit& unit : next) order.emplace_back(unit.began, false);
  if (std::ranges::any_of(order, [](const auto& one) { return !one.first; })) return false;
  std::ranges::stable_sort(order, {}, &std::pair<Moment, bool>::first);
  std::size_t turns = 0;
  double place_of_base = 0, place_of_next = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    turns += i > 0 && order[i].second != order[i - 1].second ? 1 : 0;
    (order[i].second ? place_of_base : place_of_next) += static_cast<double>(i);
  }
  const double apart =
      place_of_base / static_cast<double>(base.size()) - place_of_next / static_cast<double>(next.size());
  // One after the other, their middles are half of all places apart. A run that was lost moves them a little.
  const double allowed = std::max(1.0, static_cast<double>(order.size()) / 8);
  return turns + 1 >= std::min(base.size(), next.size()) && std::abs(apart) <= allowed;
}

std::string Evidence::text() const {
  if (paired) return fmt::format("{} pairs of {}s", base.size(), name(rung));
  if (in_turn) return count(base.size(), next.size(), rung) + ", in turn";
  if (rung != Rung::occasion) return count(base.size(), next.size(), rung);
  const std::size_t before = runs_in(base), after = runs_in(next);
  return count(before, after, Rung::run) + (std::max(before, after) > 1 ? ", one side after the other" : "");
}

std::string Evidence::why_not() const {
  if (decides()) return "";
  if (rung == Rung::machine) return "the machines differ, and so may all else";
  if (in_turn) return fmt::format("{} are too few for a verdict", count(base.size(), next.size(), rung));
  if (rung == Rung::boot) return "a boot has luck of its own, and those of the sides were not made in turn";
  return std::max(runs_in(base), runs_in(next)) == 1
             ? "a run has luck of its own, and there is one a side"
             : "the sides were not measured in turn, and what drifts looks like a change";
}

Evidence evidence_of(const Side& base, const Side& next, const std::string& metric, bool paired) {
  if (paired) return pairs_of(base, next, metric);
  Evidence evidence;
  const auto take = [&](Rung rung) {
    evidence.rung = rung;
    evidence.base = units_of(base, metric, rung);
    evidence.next = units_of(next, metric, rung);
    evidence.in_turn = rung != Rung::machine && were_in_turn(evidence.base, evidence.next);
  };
  take(highest_that_differs(base, next));
  if (evidence.rung == Rung::run && !(evidence.in_turn && share_occasions(evidence.base, evidence.next)))
    take(Rung::occasion);
  for (const Rung rung : {evidence.rung, Rung::run}) {
    evidence.described_by = rung;
    evidence.base_values = values_of(units_of(base, metric, rung));
    evidence.next_values = values_of(units_of(next, metric, rung));
    if (std::min(evidence.base_values.size(), evidence.next_values.size()) >= kLeastUnits) return evidence;
  }
  evidence.described_by = Rung::trial;
  evidence.base_values = base.values(metric);
  evidence.next_values = next.values(metric);
  return evidence;
}

}  // namespace tlbstorm::compare
