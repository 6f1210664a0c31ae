// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/probe_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::trial {
namespace {

constexpr const char* kNearest = "interrupts";  // read next to the measured phase

}  // namespace

ProbeSet::ProbeSet(const Plan& plan, const Definition& definition, const probe::Target& target)
    : budget_(plan.sample_budget * static_cast<double>(plan.interval.count())),
      workload_counters_(definition.counters.size()) {
  const auto among = [](const std::vector<std::string>& names, const probe::Source& source) {
    return std::find(names.begin(), names.end(), source.name) != names.end();
  };
  // The one that matters most comes first.
  for (const bool nearest : {true, false})
    for (const probe::Source& source : probe::sources()) {
      if (!among(plan.probes, source) || (source.name == kNearest) != nearest) continue;
      if (plan.explain == Explain::all || !among(plan.disturbing_probes, source))
        add(source, target);
      else if (plan.explain == Explain::automatic)
        reserve(source, target);
    }
  measure_costs();
  spread_expensive_probes();

  first_worker_column_ = columns_.size();
  columns_.push_back({column::kOperations, "operations"});
  for (const WorkloadCounter& counter : definition.counters)
    columns_.push_back({column::of_workload(counter.name), counter.unit, counter.kind});
}

std::vector<std::string> ProbeSet::begin_trial(TrialKind kind, const probe::Target& target,
                                               std::string_view when) {
  std::vector<double> row(columns_.size());
  for (Opened& opened : probes_) opened.probe->read(cells_of(opened, row));  // sees what has gone meanwhile
  std::vector<std::string> lines = changes(when);
  for (Opened& opened : probes_) opened.probe->begin_trial(target);
  if (kind == TrialKind::explaining) open_reserved(target);
  return lines;
}

std::vector<std::string> ProbeSet::for_explaining() const {
  std::vector<std::string> names;
  for (const Reserved& reserved : reserved_)
    if (!reserved.tried) names.push_back(reserved.source->name);
  return names;
}

std::vector<std::string> ProbeSet::changes(std::string_view when) {
  std::vector<std::string> lines;
  const auto tell = [&](const std::string& what, const char* verb, const char* meaning) {
    if (told_.insert(what + verb).second)
      lines.push_back(fmt::format("{} {} {}: {}", what, verb, when, meaning));
  };
  for (const Opened& opened : probes_) {
    const std::vector<std::string> came = opened.probe->take_stock();
    for (const probe::Part& part : opened.probe->parts())
      if (part.gone) tell(part.name, "went away", "its figures are absent from then on");
    for (const std::string& name : came)
      tell(name, "came", "it is not counted, since what is was fixed when the run began");
  }
  return lines;
}

namespace {

/// Whatever keeps a probe from being opened, such as a device that goes in this moment, is why it is absent.
template <typename Try>
auto or_unavailable(Try attempt) -> decltype(attempt()) {
  try {
    return attempt();
  } catch (const os::Error& error) {
    return probe::Unavailable{error.what(), error.hint()};
  } catch (const std::exception& error) {
    return probe::Unavailable{error.what(), ""};
  }
}

}  // namespace

void ProbeSet::add(const probe::Source& source, const probe::Target& target) {
  probe::Opened opened = or_unavailable([&] { return source.open(target); });
  if (auto* const absent = std::get_if<probe::Unavailable>(&opened)) {
    absent_.push_back({source.name, std::move(*absent)});
    return;
  }
  auto probe = std::get<std::unique_ptr<probe::Probe>>(std::move(opened));
  const std::size_t first = columns_.size();
  columns_.insert(columns_.end(), probe->columns().begin(), probe->columns().end());
  keep(source, std::move(probe), first);
}

void ProbeSet::reserve(const probe::Source& source, const probe::Target& target) {
  const probe::Offer offer = or_unavailable([&] { return probe::look(source, target); });
  if (const auto* const absent = std::get_if<probe::Unavailable>(&offer)) {
    absent_.push_back({source.name, *absent});
    return;
  }
  const auto& columns = std::get<std::vector<probe::Column>>(offer);
  reserved_.push_back({&source, columns_.size(), columns.size(), false});
  columns_.insert(columns_.end(), columns.begin(), columns.end());
}

void ProbeSet::open_reserved(const probe::Target& target) {
  const auto opens = [&](Reserved& reserved) {
    if (std::exchange(reserved.tried, true)) return false;
    probe::Opened opened = or_unavailable([&] { return reserved.source->open(target); });
    auto* const probe = std::get_if<std::unique_ptr<probe::Probe>>(&opened);
    const bool same = probe != nullptr && (*probe)->columns().size() == reserved.columns;
    if (same)
      keep(*reserved.source, std::move(*probe), reserved.first_column);
    else if (probe != nullptr)
      absent_.push_back({reserved.source->name, {"it has other columns than when the run began", ""}});
    else
      absent_.push_back({reserved.source->name, std::get<probe::Unavailable>(std::move(opened))});
    return same;
  };
  if (std::erase_if(reserved_, opens) == 0) return;
  measure_costs();
  spread_expensive_probes();
}

void ProbeSet::keep(const probe::Source& source, std::unique_ptr<probe::Probe> probe,
                    std::size_t first_column) {
  for (const probe::Missing& missing : probe->missing()) absent_.push_back({missing.what, missing.why});
  probes_.push_back({std::move(probe), first_column, source.cadence == probe::Cadence::edges_only ? 0 : 1});
  readings_.push_back({source.name, {}, probes_.back().every});
}

void ProbeSet::measure_costs() {
  std::vector<double> row(columns_.size());
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    std::array<os::Nanoseconds, 7> times{};
    for (os::Nanoseconds& time : times) {
      const os::Nanoseconds begin = os::now();
      probes_[i].probe->read(cells_of(probes_[i], row));
      time = os::now() - begin;
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    readings_[i].cost = times[times.size() / 2];
  }
}

void ProbeSet::spread_expensive_probes() {
  constexpr int kRarest = 32;  // rarer than that is no time line: at edges only
  const auto share = [](const ProbeReading& r) {
    return r.every == 0 ? 0.0 : double(r.cost.count()) / r.every;
  };
  for (;;) {
    double average = 0;
    for (const ProbeReading& reading : readings_) average += share(reading);
    // The headline's row is the last to be thinned.
    const auto rank = [&](const ProbeReading& r) {
      return std::pair(r.name != kNearest && r.every > 0, share(r));
    };
    const auto most_expensive = std::max_element(
        readings_.begin(), readings_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    if (average <= budget_ || most_expensive->every == 0) break;
    most_expensive->every = most_expensive->every < kRarest ? 2 * most_expensive->every : 0;
    most_expensive->expensive = true;
  }
  for (std::size_t i = 0; i < probes_.size(); ++i) probes_[i].every = readings_[i].every;
}

std::span<double> ProbeSet::cells_of(const Opened& opened, std::span<double> row) {
  return row.subspan(opened.first_column, opened.probe->columns().size());
}

void ProbeSet::read(std::span<double> row, const Scoreboard& scoreboard, std::uint64_t tick, bool edge,
                    bool opens_measure) noexcept {
  for (const Reserved& reserved : reserved_) {
    const auto cells = row.subspan(reserved.first_column, reserved.columns);
    std::fill(cells.begin(), cells.end(), probe::kAbsent);
  }
  for (std::size_t step = 0; step < probes_.size(); ++step) {
    Opened& opened = probes_[opens_measure ? probes_.size() - 1 - step : step];
    const auto cells = cells_of(opened, row);
    if (edge || (opened.every > 0 && tick % static_cast<std::uint64_t>(opened.every) == 0))
      opened.probe->read(cells);
    else
      std::fill(cells.begin(), cells.end(), probe::kAbsent);
  }
  const auto counts = row.subspan(first_worker_column_);
  std::fill(counts.begin(), counts.end(), 0.0);
  for (int worker = 0; worker < scoreboard.workers(); ++worker) {
    const Slot& slot = scoreboard.slot(worker);
    counts[0] += static_cast<double>(slot.operations.load(std::memory_order_relaxed));
    for (std::size_t i = 0; i < workload_counters_; ++i)
      counts[i + 1] += static_cast<double>(slot.counters[i].load(std::memory_order_relaxed));
  }
}

}  // namespace tlbstorm::trial
