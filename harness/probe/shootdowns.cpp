// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/shootdowns.hpp"

#include <algorithm>

#include "harness/machine/topology.hpp"
#include "harness/os/error.hpp"
#include "harness/probe/flush_event.hpp"

namespace tlbstorm::probe {

Shootdowns::Shootdowns() {
  open_interrupts();
  open_flushes();
}

void Shootdowns::open_interrupts() {
  Target target;
  target.online_cpus = machine::read_topology("/", std::nullopt).online;
  const auto source = std::find_if(sources().begin(), sources().end(),
                                   [](const Source& one) { return one.name == "interrupts"; });
  Opened opened = source->open(target);
  if (auto* const why = std::get_if<Unavailable>(&opened)) return absent_.push_back(*why);
  auto probe = std::get<std::unique_ptr<Probe>>(std::move(opened));
  const auto columns = probe->columns();
  const auto column = std::find_if(columns.begin(), columns.end(),
                                   [](const Column& one) { return one.name == "interrupts.tlb"; });
  if (column == columns.end()) return absent_.push_back({"/proc/interrupts has no row TLB here", ""});
  tlb_ = static_cast<std::size_t>(column - columns.begin());
  row_.resize(columns.size());
  interrupts_ = std::move(probe);
}

void Shootdowns::open_flushes() {
  constexpr pid_t kCallingThread = 0;  // perf_event_open(2)
  try {
    const os::TraceFs tracing;
    os::CounterGroup group(os::Watched::process(kCallingThread));
    group.add(os::tracepoint_attributes(tracing.event_id(kFlushEvent)), kFlushEvent,
              filter_of(FlushReason::sent));
    flushes_ = std::move(group);
  } catch (const os::SystemError& error) {
    absent_.push_back({error.what(), "run as root, on a kernel with CONFIG_FTRACE and CONFIG_PERF_EVENTS"});
  }
}

double Shootdowns::read_received() noexcept {
  if (!interrupts_) return 0;
  interrupts_->read(row_);
  return row_[tlb_];
}

double Shootdowns::read_sent() noexcept {
  std::array<std::uint64_t, 1> hits{};
  if (flushes_) flushes_->read(hits);
  return static_cast<double>(hits[0]);
}

void Shootdowns::start() noexcept {
  sent_.before = read_sent();
  received_.before = read_received();
}

void Shootdowns::stop() noexcept {
  received_.grown += read_received() - received_.before;
  sent_.grown += read_sent() - sent_.before;
}

}  // namespace tlbstorm::probe
