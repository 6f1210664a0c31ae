// SPDX-License-Identifier: Apache-2.0
// Pages that reclaim took from others while a trial was measured: other cgroups at their limits, khugepaged,
// kswapd for the machine, DAMON. Each of them may cost an interrupt that is counted as the trial's.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "harness/judge/derivation.hpp"
#include "harness/judge/found.hpp"
#include "harness/judge/limits.hpp"
#include "harness/judge/reclaim.hpp"
#include "harness/os/mapping.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::judge {
namespace {

double known(const Value& value) {
  const auto* const number = std::get_if<double>(&value);
  return number != nullptr ? *number : 0;
}

}  // namespace

Found foreign_reclaim(const TrialFacts& facts) {
  const Window& measured = facts.totals.phase(trial::Phase::measure);
  if (measured.seconds <= 0) return not_known(kNotFinished);
  const Value all =
      plus(growth(facts, measured, column::kStolenAnon), growth(facts, measured, column::kStolenFile));
  if (!std::holds_alternative<double>(all)) return not_known(all);
  for (const trial::AbsentProbe& absent : facts.result.sampling.absent)
    if (absent.name == "damon" && !absent.why.idle) return not_known(absent.why.reason.c_str());
  const bool by_cgroup = facts.totals.has(column::kCgroupStolen),
             by_itself = facts.totals.has(column::of_workload(trial::counter::kPagesGone));
  const bool none_of_it = !facts.plan.reclaims || (by_itself && !facts.plan.memory);
  if (!by_cgroup && !none_of_it)
    return not_known(
        "the trial's own pages are counted with those of the machine: cgroup v2 tells them apart");
  const double by_damon = known(growth_if_kept(facts, measured, column::kReclaimedByDamon)) /
                          static_cast<double>(os::page_size().count);
  const double others =
      by_damon +
      std::max(0.0, known(all) - (by_cgroup ? known(growth(facts, measured, column::kCgroupStolen)) : 0));
  const double own = by_cgroup || by_itself ? known(pages_stolen(facts, measured, Reclaimer::all)) : 0;
  const double whole = std::max(own, known(growth(facts, measured, column::kTlbInterrupts)));
  const double by_helpers = known(growth_if_kept(facts, measured, column::kStolenByKhugepaged)),
               by_kswapd = known(growth(facts, measured, column::kStolenByKswapd));
  const std::string text = fmt::format(
      "{:.0f} pages were taken from others ({:.0f} by kswapd, {:.0f} by khugepaged, {:.0f} by DAMON)", others,
      by_kswapd, by_helpers, by_damon);
  // A cgroup's count may lag behind by a batch a CPU.
  constexpr double kBatch = 64;
  const double lag = kBatch * std::max(1, facts.online_cpus);
  return {others > kMostForeign * whole + lag ? os::Grade::failed : os::Grade::ok, text};
}

}  // namespace tlbstorm::judge
