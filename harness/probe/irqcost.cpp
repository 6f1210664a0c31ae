// SPDX-License-Identifier: Apache-2.0
// What the receiving end of a shootdown is busy with, as counts: function-call interrupts taken, by their
// tracepoints (arch/x86/include/asm/trace/irq_vectors.h), and functions run in them (include/trace/events/
// csd.h, since Linux 6.5; one without a csd runs on the sender itself): several may share one interrupt.
//
// Their time can't be had from counters: an entry and its exit are two events, and only a ring buffer, which
// would disturb what is measured, brings them together. A bystander measures it from the outside. Three
// counters on the path of each interrupt cost a few percent of a storm's throughput, and CAL tells most of
// it: on request.
#include "harness/probe/tracepoints.hpp"

namespace tlbstorm::probe {
namespace {

TracepointTable table() {
  const std::vector<Column> columns{{"irqcost.call_interrupts", "interrupts"},
                                    {"irqcost.call_single_interrupts", "interrupts"},
                                    {"irqcost.functions", "calls"},
                                    {"irqcost.functions_sent", "calls"}};
  const std::vector<Summand> terms{
      {"irq_vectors/call_function_entry", "", {"irqcost.call_interrupts"}},
      {"irq_vectors/call_function_single_entry", "", {"irqcost.call_single_interrupts"}},
      {"csd/csd_function_entry", "csd != 0", {"irqcost.functions"}},
      {"csd/csd_queue_cpu", "", {"irqcost.functions_sent"}}};
  return {columns, terms};
}

Opened open(const Target& target) { return count_tracepoints(table(), target.online_cpus); }
Offer look(const Target& target) { return look_at_tracepoints(table(), target.online_cpus); }

const RegisteredProbe registration{
    {"irqcost", "function-call interrupts taken and functions run in them (irq_vectors:*, csd:*)",
     Cadence::every_sample, &open, true, &look}};

}  // namespace
}  // namespace tlbstorm::probe
