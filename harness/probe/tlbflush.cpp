// SPDX-License-Identifier: Apache-2.0
// TLB flushes by the tracepoint tlb:tlb_flush: why, how many pages each, and who sent those that interrupt
// other CPUs.
#include <fmt/format.h>

#include "harness/os/process.hpp"
#include "harness/probe/flush_event.hpp"
#include "harness/probe/tracepoints.hpp"

namespace tlbstorm::probe {
namespace {

Summand by_reason(FlushReason reason, const char* column) {
  return {kFlushEvent, filter_of(reason), {column}};
}

/// Flushes sent, of so many pages each: they add up to all that are sent. 32 is SWAP_CLUSTER_MAX, what
/// reclaim takes at a time; a full flush has TLB_FLUSH_ALL for its pages, which is -1.
Summand sent_of(const char* pages, const char* column) {
  return {kFlushEvent,
          fmt::format("{} && {}", filter_of(FlushReason::sent), pages),
          {"tlbflush.sent", fmt::format("tlbflush.{}", column)}};
}

Summand sent_by(const std::string& who, const char* column) {
  return {kFlushEvent, fmt::format("{} && COMM {}", filter_of(FlushReason::sent), who), {column}};
}

TracepointTable table_of(const Target& target) {
  const std::vector<Column> columns{
      {"tlbflush.sent", "flushes"},         {"tlbflush.received", "flushes"},
      {"tlbflush.local", "flushes"},        {"tlbflush.local_mm", "flushes"},
      {"tlbflush.task_switch", "flushes"},  {"tlbflush.sent_1_page", "flushes"},
      {"tlbflush.sent_2_7", "flushes"},     {"tlbflush.sent_8_31", "flushes"},
      {"tlbflush.sent_32", "flushes"},      {"tlbflush.sent_33_511", "flushes"},
      {"tlbflush.sent_full", "flushes"},    {"tlbflush.sent_by_kswapd", "flushes"},
      {"tlbflush.sent_by_trial", "flushes"}};
  std::vector<Summand> terms{sent_of("pages == 1", "sent_1_page"),
                             sent_of("pages > 1 && pages < 8", "sent_2_7"),
                             sent_of("pages > 7 && pages < 32", "sent_8_31"),
                             sent_of("pages == 32", "sent_32"),
                             sent_of("pages > 32 && pages < 512", "sent_33_511"),
                             sent_of("(pages > 511 || pages == 0)", "sent_full"),
                             by_reason(FlushReason::received, "tlbflush.received"),
                             by_reason(FlushReason::local, "tlbflush.local"),
                             by_reason(FlushReason::local_mm, "tlbflush.local_mm"),
                             by_reason(FlushReason::task_switch, "tlbflush.task_switch"),
                             sent_by("~ \"kswapd*\"", "tlbflush.sent_by_kswapd")};
  // By its name, which no other process bears: pids of workers that are still to come can't be named in a
  // filter, and counters of the tasks themselves would slow their switches (perf.cpp).
  if (target.run > 0)
    terms.push_back(sent_by(fmt::format("== \"{}\"", os::trial_name(target.run)), "tlbflush.sent_by_trial"));
  return {columns, terms, "tlbflush.received"};
}

Opened open(const Target& target) { return count_tracepoints(table_of(target), target.online_cpus); }
Offer look(const Target& target) { return look_at_tracepoints(table_of(target), target.online_cpus); }

const RegisteredProbe registration{{"tlbflush",
                                    "TLB flushes by reason, pages and sender (tracepoint tlb:tlb_flush)",
                                    Cadence::every_sample, &open, false, &look}};

}  // namespace
}  // namespace tlbstorm::probe
