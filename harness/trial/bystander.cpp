// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/bystander.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/os/clock.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/seat.hpp"
#include "harness/trial/usage.hpp"

namespace tlbstorm::trial {
namespace {

constexpr std::size_t kPages = 64;  // fewer than any L1 data TLB has entries

/// Its pages, locked so that a gap is never its own major fault.
os::Mapping make_pages(Scoreboard& scoreboard) {
  os::Mapping pages = os::Mapping::anonymous(os::page_size() * kPages);
  if (::mlock(pages.data(), pages.size().count) != 0)
    scoreboard.note("the bystanders' pages could not be locked: a gap may be a page fault of their own");
  for (std::size_t i = 0; i < kPages; ++i) *pages.page(i) = std::byte{1};
  return pages;
}

/// Until the stage is another one.
void watch_clock(const Scoreboard& scoreboard, BystanderSlot& slot, const os::Mapping& pages, Stage stage,
                 os::Nanoseconds threshold) {
  const bool measuring = stage.phase == Phase::measure;
  os::Nanoseconds last = os::now();
  std::size_t page = 0;
  while (scoreboard.stage_word().load(std::memory_order_acquire) == stage.word() &&
         !scoreboard.workers_ended()) {
    static_cast<void>(*reinterpret_cast<volatile std::byte*>(pages.page(page++ % kPages)));
    const os::Nanoseconds now = os::now();
    if (now - last > threshold && measuring) [[unlikely]] {
      slot.gaps.record(now - last);
      add_own(slot.lost_ns, static_cast<std::uint64_t>((now - last).count()));
    }
    last = now;
  }
}

}  // namespace

void run_bystander(Scoreboard& scoreboard, const Plan& plan, int index) {
  BystanderSlot& slot = scoreboard.bystander(index);
  const int cpu = plan.bystander_cpus[static_cast<std::size_t>(index)];
  Seat seat;
  seat.take(cpu);
  slot.tid.store(::gettid(), std::memory_order_relaxed);
  slot.cpu.store(cpu, std::memory_order_relaxed);
  const os::Mapping pages = make_pages(scoreboard);
  UsageMeter meter;
  meter.open();
  scoreboard.ready().fetch_add(1, std::memory_order_acq_rel);
  for (;;) {
    const Stage stage = scoreboard.stage();
    if (scoreboard.stopped() || stage.phase >= Phase::verify || scoreboard.workers_ended()) return;
    const Usage before = meter.read();
    watch_clock(scoreboard, slot, pages, stage, plan.gap_threshold);
    if (stage.phase != Phase::measure) continue;
    slot.measured += meter.read() - before;
    if (seat.kept()) continue;
    slot.cpu.store(Seat::current(), std::memory_order_relaxed);
    scoreboard.invalidate(seat.lost(fmt::format("bystander {}", index)));
  }
}

}  // namespace tlbstorm::trial
