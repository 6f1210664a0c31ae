// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/probe_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::trial {
namespace {

constexpr const char* kNearest = "interrupts";  // read next to the measured phase

}  // namespace

ProbeSet::ProbeSet(const Plan& plan, const Definition& definition, const probe::Target& target)
    : workload_counters_(definition.counters.size()) {
  const auto wanted = [&](const probe::Source& source) {
    return std::find(plan.probes.begin(), plan.probes.end(), source.name) != plan.probes.end();
  };
  // The one that matters most comes first.
  for (const bool nearest : {true, false})
    for (const probe::Source& source : probe::sources())
      if (wanted(source) && (source.name == kNearest) == nearest) open(source, target);
  measure_costs();
  spread_expensive_probes(plan.sample_budget);

  first_worker_column_ = columns_.size();
  columns_.push_back({column::kOperations, "operations"});
  for (const WorkloadCounter& counter : definition.counters)
    columns_.push_back({column::of_workload(counter.name), counter.unit, counter.kind});
}

std::vector<std::string> ProbeSet::begin_trial(const probe::Target& target, std::string_view when) {
  std::vector<double> row(columns_.size());
  for (Opened& opened : probes_) opened.probe->read(cells_of(opened, row));  // sees what has gone meanwhile
  std::vector<std::string> lines = changes(when);
  for (Opened& opened : probes_) opened.probe->begin_trial(target);
  return lines;
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
probe::Opened try_to_open(const probe::Source& source, const probe::Target& target) {
  try {
    return source.open(target);
  } catch (const os::Error& error) {
    return probe::Unavailable{error.what(), error.hint()};
  } catch (const std::exception& error) {
    return probe::Unavailable{error.what(), ""};
  }
}

}  // namespace

void ProbeSet::open(const probe::Source& source, const probe::Target& target) {
  probe::Opened opened = try_to_open(source, target);
  if (auto* const absent = std::get_if<probe::Unavailable>(&opened)) {
    absent_.push_back({source.name, std::move(*absent)});
    return;
  }
  auto probe = std::get<std::unique_ptr<probe::Probe>>(std::move(opened));
  for (const probe::Missing& missing : probe->missing()) absent_.push_back({missing.what, missing.why});
  const auto columns = probe->columns();
  const std::size_t first = columns_.size();
  columns_.insert(columns_.end(), columns.begin(), columns.end());
  probes_.push_back({std::move(probe), first, source.cadence == probe::Cadence::edges_only ? 0 : 1});
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

void ProbeSet::spread_expensive_probes(os::Nanoseconds budget) {
  constexpr int kRarest = 32;  // rarer than that is no time line: at edges only
  const auto share = [](const ProbeReading& r) {
    return r.every == 0 ? 0.0 : double(r.cost.count()) / r.every;
  };
  for (;;) {
    double average = 0;
    for (const ProbeReading& reading : readings_) average += share(reading);
    const auto most_expensive =
        std::max_element(readings_.begin(), readings_.end(),
                         [&](const auto& a, const auto& b) { return share(a) < share(b); });
    if (average <= static_cast<double>(budget.count()) || most_expensive->every == 0) break;
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
