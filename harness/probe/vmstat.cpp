// SPDX-License-Identifier: Apache-2.0
// Reclaim, swap, fault and workingset counters from /proc/vmstat: those of our list that this kernel has.
//
// pgsteal_kswapd and pgsteal_direct leave memcg reclaim out; pgsteal_anon and pgsteal_file include it
// (mm/vmscan.c: shrink_inactive_list counts the former only if !cgroup_reclaim(sc)).
#include <fmt/format.h>

#include <algorithm>

#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

const std::vector<std::string> kGauges{"nr_free_pages",    "nr_inactive_anon", "nr_active_anon",
                                       "nr_inactive_file", "nr_active_file",   "nr_unevictable",
                                       "nr_mlock",         "nr_mapped",        "nr_dirty",
                                       "nr_writeback",     "nr_file_pages",    "nr_anon_pages"};

const std::vector<std::string> kCounters{
    "pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin", "pswpout", "swpin_zero", "swpout_zero", "zswpin",
    "zswpout", "zswpwb", "swap_ra", "swap_ra_hit", "thp_swpout", "thp_swpout_fallback",
    // reclaim
    "pgsteal_kswapd", "pgsteal_direct", "pgsteal_khugepaged", "pgsteal_proactive", "pgsteal_anon",
    "pgsteal_file", "pgscan_kswapd", "pgscan_direct", "pgscan_khugepaged", "pgscan_proactive", "pgscan_anon",
    "pgscan_file", "pgscan_direct_throttle", "pgrefill", "pgactivate", "pgdeactivate", "pglazyfree",
    "pglazyfreed", "pageoutrun", "kswapd_low_wmark_hit_quickly", "kswapd_high_wmark_hit_quickly",
    "allocstall_dma", "allocstall_dma32", "allocstall_normal", "allocstall_movable", "allocstall_device",
    "nr_vmscan_write", "nr_vmscan_immediate_reclaim", "slabs_scanned", "oom_kill", "drop_pagecache",
    "nr_dirtied", "nr_written",
    // workingset
    "workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon",
    "workingset_activate_file", "workingset_restore_anon", "workingset_restore_file",
    "workingset_nodereclaim",
    // only with CONFIG_DEBUG_TLBFLUSH
    "nr_tlb_remote_flush", "nr_tlb_remote_flush_received", "nr_tlb_local_flush_all",
    "nr_tlb_local_flush_one"};

class VmStat final : public Probe {
 public:
  explicit VmStat(TextFile file) : file_(std::move(file)), scanner_(choose(file_.read())) {}

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    scanner_.scan(file_.read(), row);
  }

 private:
  std::vector<Key> choose(std::string_view text) {
    std::vector<std::string> wanted = kGauges;
    wanted.insert(wanted.end(), kCounters.begin(), kCounters.end());
    std::vector<Key> keys;
    for (const std::string& name : KeyScanner::find(text, wanted)) {
      const bool gauge = std::find(kGauges.begin(), kGauges.end(), name) != kGauges.end();
      keys.push_back({name, columns_.size()});
      columns_.push_back({"vmstat." + name, unit(name), gauge ? Kind::gauge : Kind::counter});
    }
    return keys;
  }

  static std::string unit(const std::string& name) {
    if (name == "pgpgin" || name == "pgpgout") return "KiB";  // mm/vmstat.c: sectors / 2
    const bool events = name.starts_with("allocstall") || name.starts_with("nr_tlb") || name == "oom_kill" ||
                        name == "pageoutrun" || name.starts_with("kswapd_") || name.starts_with("drop_") ||
                        name == "pgscan_direct_throttle";
    return events ? "events" : "pages";
  }

  TextFile file_;
  KeyScanner scanner_;
};

Opened open(const Target& target) { return std::make_unique<VmStat>(TextFile(target.proc / "vmstat")); }

const RegisteredProbe registration{{"vmstat",
                                    "reclaim, swap, fault and workingset counters of the whole machine",
                                    Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe
