// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/reclaim.hpp"

#include <array>

#include "harness/judge/derivation.hpp"

namespace tlbstorm::judge {
namespace {

const std::string kOwnCount = std::string("workload.") + trial::counter::kPagesGone;

bool counts_itself(const TrialFacts& facts) { return facts.totals.has(kOwnCount); }
bool cgroup_counts(const TrialFacts& facts) { return facts.totals.has("memcg.pgsteal"); }

/// `verb` is "pgsteal" or "pgscan". From the cgroup itself.
Value of_cgroup(const TrialFacts& facts, const Window& window, const std::string& verb, Reclaimer who) {
  static const std::array<const char*, 3> kSuffix{"", "_kswapd", "_direct"};
  return growth(facts, window, "memcg." + verb + kSuffix[static_cast<std::size_t>(who)]);
}

/// From the whole machine: what neither kswapd nor a helper did, tasks did themselves.
Value of_machine(const TrialFacts& facts, const Window& window, const std::string& verb, Reclaimer who) {
  const std::string column = "vmstat." + verb;
  Value by_kswapd = growth(facts, window, column + "_kswapd");
  if (who == Reclaimer::kswapd) return by_kswapd;
  Value all = plus(growth(facts, window, column + "_anon"), growth(facts, window, column + "_file"));
  if (who == Reclaimer::all) return all;
  const Value by_helpers = plus(growth_if_kept(facts, window, column + "_khugepaged"),
                                growth_if_kept(facts, window, column + "_proactive"));
  return not_below_zero(minus(minus(all, by_kswapd), by_helpers));
}

Value counted(const TrialFacts& facts, const Window& window, const std::string& verb, Reclaimer who) {
  return cgroup_counts(facts) ? of_cgroup(facts, window, verb, who) : of_machine(facts, window, verb, who);
}

}  // namespace

Value pages_stolen(const TrialFacts& facts, const Window& window, Reclaimer who) {
  if (!counts_itself(facts)) return counted(facts, window, "pgsteal", who);
  if (who == Reclaimer::all) return growth(facts, window, kOwnCount);
  return absent("the workload's own count does not say who took the pages");
}

Value pages_scanned(const TrialFacts& facts, const Window& window, Reclaimer who) {
  if (!counts_itself(facts)) return counted(facts, window, "pgscan", who);
  return absent("the workload counts pages that left, not pages that were looked at");
}

std::string reclaim_source(const TrialFacts& facts) {
  if (counts_itself(facts)) return "the workload's own count of pages that left its page table (pagemap)";
  if (cgroup_counts(facts)) return "memory.stat of the trial's cgroup: pgsteal";
  if (facts.totals.has("vmstat.pgsteal_file"))
    return "/proc/vmstat: pgsteal_anon + pgsteal_file, machine-wide, memcg reclaim included";
  return "nowhere: no probe gave a pgsteal counter";
}

}  // namespace tlbstorm::judge
