// SPDX-License-Identifier: Apache-2.0
#include "harness/verdict/reclaim.hpp"

#include <algorithm>
#include <array>

namespace tlbstorm::verdict {
namespace {

const std::string kOwnCount = std::string("workload.") + trial::counter::kPagesGone;

bool counts_itself(const TrialFacts& facts) { return facts.totals.has(kOwnCount); }
bool cgroup_counts(const TrialFacts& facts) { return facts.totals.has("memcg.pgsteal"); }

/// `verb` is "pgsteal" or "pgscan". From the cgroup itself.
std::optional<double> of_cgroup(const TrialFacts& facts, const Window& window, const std::string& verb,
                                Reclaimer who) {
  static const std::array<const char*, 3> kSuffix{"", "_kswapd", "_direct"};
  return facts.totals.growth(window, "memcg." + verb + kSuffix[static_cast<std::size_t>(who)]);
}

/// From the whole machine: what neither kswapd nor a helper did, tasks did themselves.
std::optional<double> of_machine(const TrialFacts& facts, const Window& window, const std::string& verb,
                                 Reclaimer who) {
  const auto growth = [&](const char* suffix) {
    return facts.totals.growth(window, "vmstat." + verb + suffix);
  };
  const auto kswapd = growth("_kswapd");
  if (who == Reclaimer::kswapd) return kswapd;
  const auto anon = growth("_anon");
  const auto file = growth("_file");
  if (!anon || !file) return std::nullopt;
  if (who == Reclaimer::all) return *anon + *file;
  if (!kswapd) return std::nullopt;
  return std::max(
      0.0, *anon + *file - *kswapd - growth("_khugepaged").value_or(0) - growth("_proactive").value_or(0));
}

std::optional<double> counted(const TrialFacts& facts, const Window& window, const std::string& verb,
                              Reclaimer who) {
  return cgroup_counts(facts) ? of_cgroup(facts, window, verb, who) : of_machine(facts, window, verb, who);
}

}  // namespace

std::optional<double> pages_stolen(const TrialFacts& facts, const Window& window, Reclaimer who) {
  if (!counts_itself(facts)) return counted(facts, window, "pgsteal", who);
  return who == Reclaimer::all ? facts.totals.growth(window, kOwnCount) : std::nullopt;
}

std::optional<double> pages_scanned(const TrialFacts& facts, const Window& window, Reclaimer who) {
  return counts_itself(facts) ? std::nullopt : counted(facts, window, "pgscan", who);
}

std::string reclaim_source(const TrialFacts& facts) {
  if (counts_itself(facts)) return "the workload's own count of pages that left its page table (pagemap)";
  if (cgroup_counts(facts)) return "memory.stat of the trial's cgroup: pgsteal";
  if (facts.totals.has("vmstat.pgsteal_file"))
    return "/proc/vmstat: pgsteal_anon + pgsteal_file, machine-wide, memcg reclaim included";
  return "nowhere: no probe gave a pgsteal counter";
}

}  // namespace tlbstorm::verdict
