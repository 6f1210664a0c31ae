// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/reclaim.hpp"

#include <array>

#include "harness/judge/derivation.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::judge {
namespace {

const std::string kOwnCount = column::of_workload(trial::counter::kPagesGone);

bool counts_itself(const TrialFacts& facts) { return facts.totals.has(kOwnCount); }
bool cgroup_counts(const TrialFacts& facts) { return facts.totals.has(column::kCgroupStolen); }

/// The counters of one of the two things that reclaim does with pages: it scans them, and steals some.
struct Counters {
  std::array<const char*, 3> of_cgroup;  ///< by Reclaimer
  const char *anon, *file, *by_kswapd, *by_khugepaged, *proactively;
};

constexpr Counters kStolen{
    {column::kCgroupStolen, column::kCgroupStolenByKswapd, column::kCgroupStolenDirectly},
    column::kStolenAnon,
    column::kStolenFile,
    column::kStolenByKswapd,
    column::kStolenByKhugepaged,
    column::kStolenProactively};
constexpr Counters kScanned{
    {column::kCgroupScanned, column::kCgroupScannedByKswapd, column::kCgroupScannedDirectly},
    column::kScannedAnon,
    column::kScannedFile,
    column::kScannedByKswapd,
    column::kScannedByKhugepaged,
    column::kScannedProactively};

/// From the whole machine: what neither kswapd nor a helper did, tasks did themselves.
Value of_machine(const TrialFacts& facts, const Window& window, const Counters& pages, Reclaimer who) {
  Value by_kswapd = growth(facts, window, pages.by_kswapd);
  if (who == Reclaimer::kswapd) return by_kswapd;
  Value all = plus(growth(facts, window, pages.anon), growth(facts, window, pages.file));
  if (who == Reclaimer::all) return all;
  const Value by_helpers = plus(growth_if_kept(facts, window, pages.by_khugepaged),
                                growth_if_kept(facts, window, pages.proactively));
  return not_below_zero(minus(minus(all, by_kswapd), by_helpers));
}

Value counted(const TrialFacts& facts, const Window& window, const Counters& pages, Reclaimer who) {
  return cgroup_counts(facts) ? growth(facts, window, pages.of_cgroup[static_cast<std::size_t>(who)])
                              : of_machine(facts, window, pages, who);
}

}  // namespace

Value pages_stolen(const TrialFacts& facts, const Window& window, Reclaimer who) {
  if (!counts_itself(facts)) return counted(facts, window, kStolen, who);
  if (who == Reclaimer::all) return growth(facts, window, kOwnCount);
  return absent("the workload's own count does not say who took the pages");
}

Value pages_scanned(const TrialFacts& facts, const Window& window, Reclaimer who) {
  if (!counts_itself(facts)) return counted(facts, window, kScanned, who);
  return absent("the workload counts pages that left, not pages that were looked at");
}

std::string reclaim_source(const TrialFacts& facts) {
  if (counts_itself(facts)) return "the workload's own count of pages that left its page table (pagemap)";
  if (cgroup_counts(facts)) return "memory.stat of the trial's cgroup: pgsteal";
  if (facts.totals.has(column::kStolenFile))
    return "/proc/vmstat: pgsteal_anon + pgsteal_file, machine-wide, memcg reclaim included";
  return "nowhere: no probe gave a pgsteal counter";
}

}  // namespace tlbstorm::judge
