// SPDX-License-Identifier: Apache-2.0
// TLB flush operations sent to other CPUs: the tracepoint tlb:tlb_flush with reason "remote IPI send",
// counted in the kernel by filtered perf events without a ring buffer. One per flush, however many CPUs it
// goes to (arch/x86/mm/tlb.c: native_flush_tlb_multi).
#include <fmt/format.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/perf_event.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {
namespace {

/// include/linux/mm_types.h: enum tlb_flush_reason, TLB_REMOTE_SEND_IPI; the same number since Linux 4.2.
constexpr const char* kSent = "reason == 4";

class TlbFlush final : public Probe {
 public:
  explicit TlbFlush(const std::vector<int>& cpus) {
    const std::uint64_t id = os::TraceFs().event_id("tlb/tlb_flush");
    for (const int cpu : cpus) sent_.emplace_back(id, cpu, kSent);
    columns_.push_back({"tlbflush.sent", "flushes"});
  }

  void read(std::span<double> row) noexcept override {
    try {
      double sum = 0;
      for (const os::TracepointCounter& counter : sent_) sum += static_cast<double>(counter.read());
      row[0] = sum;
    } catch (const os::SystemError&) {  // its CPU went offline
      row[0] = kAbsent;
    }
  }

 private:
  std::vector<os::TracepointCounter> sent_;
};

Opened open(const Target& target) {
  try {
    return std::make_unique<TlbFlush>(target.online_cpus);
  } catch (const os::SystemError& error) {
    if (error.code() == EPERM || error.code() == EACCES)
      return Unavailable{fmt::format("the tracepoint tlb:tlb_flush is for root ({})", error.what()),
                         "run as root"};
    return Unavailable{fmt::format("no tracepoint tlb:tlb_flush ({})", error.what()),
                       "a kernel with CONFIG_FTRACE and CONFIG_PERF_EVENTS on x86 has it"};
  }
}

const Registered registration{{"tlbflush", "TLB flushes sent to other CPUs (tlb:tlb_flush, remote IPI send)",
                               Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe
