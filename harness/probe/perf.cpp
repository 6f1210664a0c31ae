// SPDX-License-Identifier: Apache-2.0
// Hardware, software and raw events by perf_event_open(2), named as libpfm4 names them: system-wide, summed
// over the CPUs, and with --events also of each CPU and of the trial's processes alone, user and kernel
// apart. Hardware that is shared by more events than it has counters counts each for a part of the time:
// what it counts from one reading to the next is scaled up by that part, which is kept beside the values.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/perf_event.hpp"
#include "harness/os/pmu_event.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/event_list.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/scaled_counts.hpp"

namespace tlbstorm::probe {
namespace {

using os::CounterGroup;
using os::Watched;

/// One event, as one counter for user and one for the kernel; software events know no such difference.
struct Event {
  std::string name;
  std::vector<perf_event_attr> counters;
  std::vector<const char*> suffixes;  ///< of their columns
};

Event describe(const os::PmuEvents& library, const std::string& name) {
  Event event{name, {library.encode(name)}, {""}};
  if (event.counters[0].type == PERF_TYPE_SOFTWARE || event.counters[0].type == PERF_TYPE_TRACEPOINT)
    return event;
  event.counters.push_back(event.counters[0]);
  event.counters[0].exclude_kernel = 1;
  event.counters[1].exclude_user = 1;
  event.suffixes = {"_user", "_kernel"};
  return event;
}

/// A group of counters on one CPU, or in the trial.
struct Counted {
  explicit Counted(CounterGroup opened) : group(std::move(opened)), counts(group.size()) {}
  /// Returns the part of the time in which it counted, or nothing: then it could not be read, which is for
  /// good, or there was no time to count.
  std::optional<double> read(std::span<std::uint64_t> values) noexcept {
    if (!lost)
      if (const auto times = group.read(values)) return counts.add(times->enabled, times->running, values);
    counts.miss();
    lost = true;
    return std::nullopt;
  }
  CounterGroup group;
  ScaledCounts counts;
  bool lost = false;
};

/// A group's counters wherever they count: on each CPU, or in the trial. The columns: each counter's sum over
/// the groups, the part of the time that they ran, and, `apart`, each group's counters.
struct Place {
  std::vector<Event> events;
  bool on_cpus;  ///< and so always enabled while they are online; a process is not while it sleeps
  bool apart;
  std::vector<Counted> groups = {};
  std::size_t first_column = 0;
};

class Perf final : public Probe {
 public:
  explicit Perf(const std::vector<int>& cpus) {
    for (const int cpu : cpus) parts_.push_back({fmt::format("CPU {}", cpu)});
  }

  /// Opens a group everywhere. Throws os::Error when it can't be had; what was opened of it is closed again.
  void add(const std::vector<Event>& events, const Target& target) {
    Place machine{events, true, !target.events.empty()}, trial{events, false, false};
    for (const int cpu : target.online_cpus) machine.groups.emplace_back(open(events, Watched::on_cpu(cpu)));
    // A task with counters of its own takes longer to switch to: workers that wait for each other on a lock
    // then sleep where they spun, and a CPU that sleeps gets no IPI. So only if it is asked for.
    if (target.trial > 0 && !target.events.empty())
      trial.groups.emplace_back(open(events, Watched::process(target.trial)));
    for (auto* const place : {&machine, &trial}) {
      if (place->groups.empty()) continue;
      place->first_column = columns_.size();
      add_columns(events, place == &machine ? "perf." : "perf.trial_");
      if (place->apart) add_columns_of_cpus(events, target.online_cpus);
      places_.push_back(std::move(*place));
    }
    std::size_t counters = 0;
    for (const Event& event : events) counters += event.counters.size();
    values_.resize(std::max(values_.size(), counters));
  }
  void leave_out(const std::string& events, Unavailable why) {
    missing_.push_back({"perf " + events, std::move(why)});
  }

  void read(std::span<double> row) noexcept override {
    for (Place& place : places_) {
      const std::size_t counters = place.groups.front().group.size();
      const auto cells = row.subspan(place.first_column, counters + 1);
      std::fill(cells.begin(), cells.end(), !place.on_cpus || any_left() ? 0.0 : kAbsent);
      std::size_t next = place.first_column + counters + 1, summed = 0;
      for (std::size_t at = 0; at < place.groups.size(); ++at) {
        Counted& one = place.groups[at];
        const auto share = one.read(values_);
        if (place.on_cpus) parts_[at].gone |= one.lost;
        const bool in_sums = !place.on_cpus || !parts_[at].left_out;
        if (in_sums) cells.back() += share.value_or(kAbsent);
        summed += in_sums;
        for (std::size_t i = 0; i < counters; ++i, ++next) {
          const double count = share || !place.on_cpus ? one.counts.count(i) : kAbsent;
          if (in_sums) cells[i] += count;
          if (place.apart) row[next] = count;
        }
      }
      cells.back() /= static_cast<double>(summed);
    }
  }

  /// Each trial has a process of its own.
  void begin_trial(const Target& target) override {
    Probe::begin_trial(target);
    for (Place& place : places_) {
      if (place.on_cpus) continue;
      try {
        place.groups.front() = Counted(open(place.events, Watched::process(target.trial)));
      } catch (const os::Error&) {
        place.groups.front().lost = true;
      }
    }
  }

 private:
  static CounterGroup open(const std::vector<Event>& events, Watched watched) {
    CounterGroup group(watched);
    for (const Event& event : events)
      for (const perf_event_attr& counter : event.counters) group.add(counter, event.name);
    return group;
  }
  void add_columns(const std::vector<Event>& events, const std::string& where) {
    for (const Event& event : events)
      for (const char* const suffix : event.suffixes)
        columns_.push_back({where + event.name + suffix, "events"});
    columns_.push_back({where + events.front().name + "_running", "ratio", Kind::gauge});
  }
  void add_columns_of_cpus(const std::vector<Event>& events, const std::vector<int>& cpus) {
    for (const int cpu : cpus)
      for (const Event& event : events)
        for (const char* const suffix : event.suffixes)
          columns_.push_back({fmt::format("perf.{}{}_cpu{}", event.name, suffix, cpu), "events"});
  }
  std::vector<Place> places_;
  std::vector<std::uint64_t> values_;
};

/// Why a group can't be opened.
Unavailable reason_of(const os::Error& error, const Target& target) {
  const auto* const refused = dynamic_cast<const os::SystemError*>(&error);
  if (refused == nullptr) return {error.what(), error.hint()};  // no such event
  const std::string paranoid(
      os::trim(os::try_read_text(target.proc / "sys/kernel/perf_event_paranoid").value_or("?")));
  if (refused->code() == EACCES || refused->code() == EPERM)
    return {
        fmt::format("counting all processes is for root where kernel.perf_event_paranoid is {}", paranoid),
        "run as root, or: sysctl kernel.perf_event_paranoid=0"};
  if (refused->code() == ENOENT || refused->code() == ENODEV || refused->code() == EOPNOTSUPP)
    return {"the CPU, or the hypervisor, gives no such counter",
            "on bare metal, or in a guest with a virtual PMU"};
  return {error.what(), error.hint()};
}

Opened open(const Target& target) {
  try {
    const os::PmuEvents library;
    std::string wanted = target.events;
    if (wanted.empty())
      wanted =
          (library.hardware_pmus().empty() ? "" : std::string(kHardwareDefault) + ",") + kSoftwareDefault;
    auto probe = std::make_unique<Perf>(target.online_cpus);
    Unavailable why{"no event is named", "give --events cycles,instructions"};
    for (const EventGroup& names : parse_events(wanted)) try {
        std::vector<Event> events;
        for (const std::string& name : names) events.push_back(describe(library, name));
        if (!events.empty()) probe->add(events, target);
      } catch (const os::Error& error) {
        why = reason_of(error, target);
        // Nobody asked for the default ones.
        if (!target.events.empty()) probe->leave_out(fmt::format("{}", fmt::join(names, "+")), why);
      }
    if (probe->columns().empty()) return why;
    return probe;
  } catch (const os::Error& error) {
    return Unavailable{error.what(), error.hint()};
  }
}

const RegisteredProbe registration{
    {"perf", "hardware, software and raw perf events (--events), user and kernel, machine and trial",
     Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe
