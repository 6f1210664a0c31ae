// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/shootdowns.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/os/error.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/probe/flush_event.hpp"

namespace tlbstorm::probe {

Shootdowns::Shootdowns(What what) {
  try {
    open_interrupts();
  } catch (const os::Error& error) {
    absent_.push_back({error.what(), error.hint()});
  }
  try {
    if (what == What::received_and_sent) open_flushes();
  } catch (const os::Error& error) {
    absent_.push_back({error.what(), "run as root, on a kernel with CONFIG_FTRACE and CONFIG_PERF_EVENTS"});
  }
}

void Shootdowns::open_interrupts() {
  const auto source = std::find_if(sources().begin(), sources().end(),
                                   [](const Source& one) { return one.name == "interrupts"; });
  Opened opened = source->open({});
  if (auto* const why = std::get_if<Unavailable>(&opened)) return absent_.push_back(*why);
  auto probe = std::get<std::unique_ptr<Probe>>(std::move(opened));
  const auto columns = probe->columns();
  const auto column = std::find_if(columns.begin(), columns.end(),
                                   [](const Column& one) { return one.name == column::kTlbInterrupts; });
  if (column == columns.end()) return absent_.push_back({"/proc/interrupts has no row TLB here", ""});
  tlb_ = static_cast<std::size_t>(column - columns.begin());
  row_.resize(columns.size());
  interrupts_ = std::move(probe);
  received_.grown = 0;
}

void Shootdowns::open_flushes() {
  const os::TraceFs tracing;
  os::CounterGroup group(os::Watched::calling_thread());
  group.add(os::tracepoint_attributes(tracing.event_id(kFlushEvent)), kFlushEvent,
            filter_of(FlushReason::sent));
  flushes_ = std::move(group);
  sent_.grown = 0;
}

std::optional<double> Shootdowns::read_received() noexcept {
  if (!interrupts_) return std::nullopt;
  interrupts_->read(row_);
  return std::isnan(row_[tlb_]) ? std::nullopt : std::optional(row_[tlb_]);
}

std::optional<double> Shootdowns::read_sent() noexcept {
  std::array<std::uint64_t, 1> hits{};
  if (!flushes_ || !flushes_->read(hits)) return std::nullopt;
  return static_cast<double>(hits[0]);
}

void Shootdowns::start() noexcept {
  received_.before = read_received();
  sent_.before = read_sent();
}

void Shootdowns::stop() noexcept {
  sent_.stop(read_sent());
  received_.stop(read_received());
}

void Shootdowns::drop() noexcept {
  sent_.drop();
  received_.drop();
}

}  // namespace tlbstorm::probe
