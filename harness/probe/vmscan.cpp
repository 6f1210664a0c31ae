// SPDX-License-Identifier: Apache-2.0
// Reclaim by its tracepoints: how often tasks had to reclaim for themselves, at a zone's watermark (direct)
// or at their cgroup's limit (memcg), what that gave, what reclaim wrote and how often it made a task wait
// (include/trace/events/vmscan.h). What all of reclaim scanned and stole is in /proc/vmstat.
#include "harness/probe/tracepoints.hpp"

namespace tlbstorm::probe {
namespace {

/// A call of try_to_free_pages() is content with 32 pages; what it gets on top comes in whole folios. One for
/// a cgroup may be asked for any number (mm/memcontrol.c: memory_reclaim()).
constexpr int kDirectBits = 16, kMemcgBits = 24;  // 64 GiB at once

std::vector<Summand> all_terms() {
  std::vector<Summand> terms{
      {"vmscan/mm_vmscan_direct_reclaim_begin", "", {"vmscan.direct_reclaims"}},
      {"vmscan/mm_vmscan_memcg_reclaim_begin", "", {"vmscan.memcg_reclaims"}},
      {"vmscan/mm_vmscan_kswapd_wake", "", {"vmscan.kswapd_wakes"}},
      {"vmscan/mm_vmscan_write_folio", "", {"vmscan.written"}},
      {"vmscan/mm_vmscan_writepage", "", {"vmscan.written"}},  // its name until Linux 6.8
      {"vmscan/mm_vmscan_throttled", "", {"vmscan.throttled"}}};
  for (const auto& [event, bits, column] :
       {std::tuple{"vmscan/mm_vmscan_direct_reclaim_end", kDirectBits, "vmscan.direct_reclaimed"},
        std::tuple{"vmscan/mm_vmscan_memcg_reclaim_end", kMemcgBits, "vmscan.memcg_reclaimed"}})
    for (Summand& term : sum_of_field(event, "nr_reclaimed", bits, column)) terms.push_back(std::move(term));
  return terms;
}

TracepointTable table() {
  const std::vector<Column> columns{{"vmscan.direct_reclaims", "calls"}, {"vmscan.direct_reclaimed", "pages"},
                                    {"vmscan.memcg_reclaims", "calls"},  {"vmscan.memcg_reclaimed", "pages"},
                                    {"vmscan.kswapd_wakes", "wakes"},    {"vmscan.written", "folios"},
                                    {"vmscan.throttled", "waits"}};
  return {columns, all_terms()};
}

Opened open(const Target& target) { return count_tracepoints(table(), target.online_cpus); }
Offer look(const Target& target) { return look_at_tracepoints(table(), target.online_cpus); }

const RegisteredProbe registration{
    {"vmscan",
     "direct and memcg reclaim: calls, pages reclaimed, folios written, waits (tracepoints vmscan:*)",
     Cadence::every_sample, &open, false, &look}};

}  // namespace
}  // namespace tlbstorm::probe
