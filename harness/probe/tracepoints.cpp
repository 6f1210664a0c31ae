// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/tracepoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "harness/os/error.hpp"
#include "harness/os/perf_event.hpp"

namespace tlbstorm::probe {
namespace {

/// A counter of each CPU's group, and where its value goes.
struct OpenCounter {
  std::uint64_t event_id;
  Summand term;
  std::vector<std::size_t> columns;
  bool per_cpu;
};

std::string counter_name(const OpenCounter& counter, int cpu) {
  return fmt::format("tracepoint {} on CPU {}", counter.term.event, cpu);
}

class TracepointProbe final : public Probe {
 public:
  TracepointProbe(std::vector<Column> columns, const std::vector<OpenCounter>& counters,
                  const std::vector<int>& cpus, std::size_t first_cpu_column)
      : counters_(counters), first_cpu_column_(first_cpu_column), values_(counters.size()) {
    columns_ = std::move(columns);
    for (const int cpu : cpus) {
      parts_.push_back({fmt::format("CPU {}", cpu)});
      add_group(cpu);
    }
  }

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), any_left() ? 0.0 : kAbsent);
    for (std::size_t cpu = 0; cpu < groups_.size(); ++cpu) {
      os::CounterGroup& group = groups_[cpu];
      Part& part = parts_[cpu];
      part.gone = part.gone || !group.read(values_);
      for (std::size_t i = 0; i < counters_.size(); ++i) {
        // A sum without one that has just gone is another figure.
        const double value = part.gone ? kAbsent : static_cast<double>(values_[i]) * counters_[i].term.weight;
        if (!part.left_out)
          for (const std::size_t column : counters_[i].columns) row[column] += value;
        if (counters_[i].per_cpu) row[first_cpu_column_ + cpu] += value;
      }
    }
  }

 private:
  /// All of a CPU's counters. One that is offline by now has gone, as one that goes later.
  void add_group(int cpu) {
    os::CounterGroup& group = groups_.emplace_back(os::Watched::on_cpu(cpu));
    try {
      for (const OpenCounter& counter : counters_)
        group.add(os::tracepoint_attributes(counter.event_id), counter_name(counter, cpu),
                  counter.term.filter);
    } catch (const os::SystemError& error) {
      if (error.code() != ENODEV) throw;
      parts_.back().gone = parts_.back().left_out = true;
    }
  }

  std::vector<OpenCounter> counters_;
  std::vector<os::CounterGroup> groups_;  ///< one for each CPU
  std::size_t first_cpu_column_;
  std::vector<std::uint64_t> values_;
};

/// The events of the terms that this kernel has, by name.
std::map<std::string, std::uint64_t> find_events(const std::vector<Summand>& terms) {
  const os::TraceFs tracing;
  std::map<std::string, std::uint64_t> found;
  for (const Summand& term : terms) try {
      if (!found.contains(term.event)) found[term.event] = tracing.event_id(term.event);
    } catch (const os::SystemError& error) {
      if (error.code() != ENOENT) throw;
    }
  return found;
}

/// What a table comes to on this kernel.
struct Counted {
  std::vector<Column> columns;
  std::vector<OpenCounter> counters;
  std::size_t first_cpu_column;
};

Counted resolve(const TracepointTable& table, const std::vector<int>& cpus) {
  const auto events = find_events(table.terms);
  Counted counted;
  std::vector<Column>& columns = counted.columns;
  for (const Column& column : table.columns)
    if (std::any_of(table.terms.begin(), table.terms.end(), [&](const Summand& term) {
          return events.contains(term.event) &&
                 std::find(term.columns.begin(), term.columns.end(), column.name) != term.columns.end();
        }))
      columns.push_back(column);
  if (columns.empty()) throw os::SystemError("look up the tracepoint", table.terms.front().event, ENOENT);
  const auto index = [&](const std::string& name) {
    const auto at =
        std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
    return static_cast<std::size_t>(at - columns.begin());
  };
  for (const Summand& term : table.terms) {
    if (!events.contains(term.event)) continue;
    OpenCounter counter{events.at(term.event), term, {}, false};
    for (const std::string& name : term.columns) {
      counter.columns.push_back(index(name));
      counter.per_cpu |= name == table.per_cpu;
    }
    counted.counters.push_back(std::move(counter));
  }
  counted.first_cpu_column = columns.size();
  if (!table.per_cpu.empty())
    for (const int cpu : cpus)
      columns.push_back({fmt::format("{}_cpu{}", table.per_cpu, cpu), columns[index(table.per_cpu)].unit});
  return counted;
}

}  // namespace

std::vector<Summand> sum_of_field(const std::string& event, const std::string& field, int bits,
                                  const std::string& column) {
  std::vector<Summand> terms;
  for (int bit = 0; bit < bits; ++bit)
    terms.push_back(
        {event, fmt::format("{} & {}", field, 1 << bit), {column}, static_cast<double>(1 << bit)});
  return terms;
}

namespace {

Unavailable why_not(const TracepointTable& table, const std::vector<int>& cpus,
                    const os::SystemError& error) {
  const std::string event = table.terms.front().event;
  if (error.code() == EPERM || error.code() == EACCES)
    return {fmt::format("the tracepoint {} is for root ({})", event, error.what()), "run as root"};
  if (error.code() == EMFILE)
    return {fmt::format("too few open files are allowed for {} on {} CPUs", event, cpus.size()),
            "raise the limit: ulimit -n 65536"};
  return {fmt::format("no tracepoint {} ({})", event, error.what()),
          "a kernel with CONFIG_FTRACE and CONFIG_PERF_EVENTS has the tracepoints of its architecture"};
}

}  // namespace

Opened count_tracepoints(const TracepointTable& table, const std::vector<int>& cpus) {
  try {
    Counted counted = resolve(table, cpus);
    return std::make_unique<TracepointProbe>(std::move(counted.columns), counted.counters, cpus,
                                             counted.first_cpu_column);
  } catch (const os::SystemError& error) {
    return why_not(table, cpus, error);
  }
}

Offer look_at_tracepoints(const TracepointTable& table, const std::vector<int>& cpus) {
  try {
    Counted counted = resolve(table, cpus);
    if (!cpus.empty())
      os::check_right_to_count(cpus.front(), counter_name(counted.counters.front(), cpus.front()));
    return std::move(counted.columns);
  } catch (const os::SystemError& error) {
    return why_not(table, cpus, error);
  }
}

}  // namespace tlbstorm::probe
