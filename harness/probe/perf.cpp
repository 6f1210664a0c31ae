// SPDX-License-Identifier: Apache-2.0
// Hardware, software and raw events by perf_event_open(2), named as libpfm4 names them: system-wide, summed
// over the CPUs, and with --events also of each CPU and of the trial's processes alone, user and kernel
// apart. Hardware that is shared by more events than it has counters counts each for a part of the time:
// values are scaled up by it, and the part is kept beside them.
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

namespace tlbstorm::probe {
namespace {

using os::CounterGroup;
using os::Watched;

constexpr const char* kHardwareDefault = "{cycles,instructions},dTLB-load-misses,dTLB-store-misses,";
constexpr const char* kSoftwareDefault = "{context-switches,cpu-migrations,minor-faults,major-faults}";

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

/// A group's counters wherever they count: on each CPU, or in the trial. The columns: each counter's sum over
/// the groups, the part of the time that they ran, and, `apart`, each group's counters.
struct Place {
  std::vector<CounterGroup> groups;
  std::size_t first_column;
  bool apart;
};

class Perf final : public Probe {
 public:
  /// Opens a group everywhere. Throws os::Error when it can't be had; what was opened of it is closed again.
  void add(const std::vector<Event>& events, const Target& target) {
    Place machine{{}, 0, !target.events.empty()}, trial{{}, 0, false};
    for (const int cpu : target.online_cpus) machine.groups.push_back(open(events, Watched::on_cpu(cpu)));
    // A task with counters of its own takes longer to switch to: workers that wait for each other on a lock
    // then sleep where they spun, and a CPU that sleeps gets no IPI. So only if it is asked for.
    if (target.trial > 0 && !target.events.empty())
      trial.groups.push_back(open(events, Watched::process(target.trial)));
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
    scaled_.resize(values_.size());
  }
  void leave_out(const std::string& events, Unavailable why) {
    missing_.push_back({"perf " + events, std::move(why)});
  }

  void read(std::span<double> row) noexcept override {
    for (Place& place : places_) {
      const std::size_t counters = place.groups.front().size();
      const auto cells = row.subspan(place.first_column, counters + 1);
      std::fill(cells.begin(), cells.end(), 0.0);
      std::size_t next = place.first_column + counters + 1;
      for (CounterGroup& group : place.groups) {
        cells.back() += read_scaled(group);
        for (std::size_t i = 0; i < counters; ++i) cells[i] += scaled_[i];
        if (place.apart) std::copy_n(scaled_.begin(), counters, row.begin() + next);
        next += counters;
      }
      cells.back() /= static_cast<double>(place.groups.size());
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
  /// Leaves the group's counters in scaled_; returns the part of the time that they ran.
  double read_scaled(CounterGroup& group) noexcept {
    const auto times = group.read(values_);
    for (std::size_t i = 0; i < group.size(); ++i)
      scaled_[i] = times ? times->scaled(values_[i]).value_or(kAbsent) : kAbsent;
    return times ? times->share() : kAbsent;
  }

  std::vector<Place> places_;
  std::vector<std::uint64_t> values_;
  std::vector<double> scaled_;
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
      wanted = (library.hardware_pmus().empty() ? "" : kHardwareDefault) + std::string(kSoftwareDefault);
    auto probe = std::make_unique<Perf>();
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

const Registered registration{
    {"perf", "hardware, software and raw perf events (--events), user and kernel, machine and trial",
     Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe
