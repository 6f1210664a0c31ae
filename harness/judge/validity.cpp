// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/validity.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/judge/derivation.hpp"
#include "harness/judge/found.hpp"
#include "harness/judge/limits.hpp"
#include "harness/judge/reclaim.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/mapping.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::judge {
namespace {

using os::Finding;
using os::Grade;
using trial::Phase;

constexpr double kTickOfStat = 0.01;      // seconds: USER_HZ
constexpr double kLeastAccounted = 0.90;  // of the major faults, by pages that a swap area gave
// A cgroup's statistics are brought up to date when so many updates a CPU are pending: mm/memcontrol.c,
// memcg_vmstats_needs_flush, MEMCG_CHARGE_BATCH.
constexpr double kStatBatch = 64;
constexpr double kLeastGone = 0.95;  // of the pages that a workload pushed out

Found outcome(const TrialFacts& facts) {
  const trial::Outcome outcome = facts.result.outcome;
  const std::string expected{trial::name(facts.plan.expect)};
  const std::string text =
      outcome == trial::Outcome::ok ? "ok" : fmt::format("{}: {}", trial::name(outcome), facts.result.reason);
  if (outcome == facts.plan.expect)
    return {Grade::ok, outcome == trial::Outcome::ok ? text : text + " (as expected)"};
  return {Grade::failed, facts.plan.expect == trial::Outcome::ok
                             ? text
                             : fmt::format("{}; {} was expected", text, expected)};
}

Found workload(const TrialFacts& facts) {
  if (facts.result.invalid.empty()) return {Grade::ok, "found nothing wrong"};
  return {Grade::failed, fmt::format("{}", fmt::join(facts.result.invalid, "; "))};
}

const Window& measured_phase(const TrialFacts& facts) { return facts.totals.phase(Phase::measure); }

/// A worker's share of its measured wall time.
struct WorkerShare {
  double share = -1;  ///< negative: no worker measured
  int cpu = -1;
};
template <typename Get>
WorkerShare extreme_share(const TrialFacts& facts, bool smallest, Get get) {
  WorkerShare worst;
  for (const trial::WorkerResult& worker : facts.result.workers) {
    const double wall = os::to_seconds(worker.measured.wall);
    if (wall <= 0) continue;
    const double share = os::to_seconds(get(worker.measured)) / wall;
    if (worst.cpu < 0 || (smallest ? share < worst.share : share > worst.share)) worst = {share, worker.cpu};
  }
  return worst;
}

/// Who else was there.
std::string beside(const TrialFacts& facts, int cpu) {
  const std::string who = who_ran_on(facts, cpu);
  return who.empty() ? "" : fmt::format("; beside it: {}", who);
}

Found sharers_on_cpu(const TrialFacts& facts) {
  const auto [least, cpu] = extreme_share(facts, true, [](const trial::Usage& used) { return used.on_cpu; });
  if (!facts.plan.workers_spin && facts.result.killed) return {Grade::ok, "this workload may sleep"};
  if (least < 0) return not_known("no worker finished a measured phase");
  if (facts.result.killed) return not_known(kKilled);
  const std::string detail =
      fmt::format("the worker that ran least was on its CPU {} for {:.1f}%", cpu, 100 * least);
  if (!facts.plan.workers_spin) return {Grade::ok, detail + ": this workload may sleep"};
  if (least >= kLeastOnCpu) return {Grade::ok, detail};
  return {Grade::failed, detail + beside(facts, cpu)};
}

/// A worker that may sleep also waits for kernel threads that reclaim for it (kswapd, drains of per-CPU
/// caches): whether others kept it from its CPU, foreign_load says.
Found waiting_for_cpu(const TrialFacts& facts) {
  const bool known = std::all_of(facts.result.workers.begin(), facts.result.workers.end(),
                                 [](const trial::WorkerResult& w) { return w.measured.waiting_known; });
  if (!known)
    return {facts.plan.workers_spin ? Grade::unknown : foreign_load(facts).grade,
            facts.result.killed ? kKilled : "the kernel keeps no schedstat, or nothing was measured"};
  const auto [most, cpu] = extreme_share(facts, false, [](const trial::Usage& used) { return used.waiting; });
  const std::string detail =
      fmt::format("the worker that waited most for its CPU {} waited {:.1f}%", cpu, 100 * most);
  if (most <= kMostWaiting) return {Grade::ok, detail};
  if (facts.plan.workers_spin) return {Grade::failed, detail + beside(facts, cpu)};
  return {foreign_load(facts).grade == Grade::ok ? Grade::ok : Grade::unknown, detail + beside(facts, cpu)};
}

/// In the measured phase; rounds are so short that it is asked of the whole trial.
Found steal(const TrialFacts& facts) {
  const bool whole = facts.definition.pacing == trial::Pacing::rounds;
  const double seconds = whole ? os::to_seconds(facts.result.others.wall) : measured_phase(facts).seconds;
  if (seconds <= 0) return not_known(kNotFinished);
  const Value of_measured = growth(facts, measured_phase(facts), column::kStolenTime);
  if (!std::holds_alternative<double>(of_measured)) return not_known(of_measured);
  const double stolen =
      whole ? facts.totals.whole(column::kStolenTime).value_or(0) : std::get<double>(of_measured);
  const double share = stolen / (seconds * std::max(1, facts.online_cpus));
  const Grade grade = grade_of(share, kTickOfStat / seconds, kMostStolen);
  return {grade, fmt::format("the hypervisor stole {:.1f}% of all CPU time{}", 100 * share,
                             grade == Grade::unknown ? ": too short for /proc/stat's ticks to tell" : "")};
}

Found pages_gone(const TrialFacts& facts) {
  if (!facts.plan.reclaims) return {Grade::ok, "this workload reclaims nothing"};
  const Window& measured = measured_phase(facts);
  if (measured.seconds <= 0) return not_known("the measured phase was not finished");
  const Value gone = pages_stolen(facts, measured, Reclaimer::all);
  if (!std::holds_alternative<double>(gone)) return not_known(gone);
  const double pages = std::get<double>(gone);
  if (!facts.totals.has(column::of_workload(trial::counter::kPagesGone)))
    return {pages > 0 ? Grade::ok : Grade::failed,
            pages > 0 ? fmt::format("{:.0f} pages were reclaimed", pages)
                      : "nothing was reclaimed: the working set fits, or was charged to another cgroup"};
  const auto offered = facts.totals.growth(measured, column::kOperations);
  const double share = offered && *offered > 0 ? pages / *offered : 0;
  return {share < kLeastGone ? Grade::failed : Grade::ok,
          fmt::format("{:.1f}% of the pages pushed out really left", 100 * share)};
}

/// Major faults or write-outs that no device saw are not what they seem: zero pages are only counted.
Found zero_pages(const TrialFacts& facts) {
  const Window& measured = measured_phase(facts);
  if (facts.plan.zero_pages_meant) return {Grade::ok, "zero pages are part of the workload"};
  // Kernels before 6.12 write zero pages out as any other; one without swap counts neither.
  const Value zero = growth_if_kept(facts, measured, column::kZeroSwappedOut);
  const Value written = growth_if_kept(facts, measured, column::kSwappedOut);
  if (const Value both = plus(zero, written); !std::holds_alternative<double>(both)) return not_known(both);
  const double counted = std::get<double>(zero), really = std::get<double>(written);
  if (counted <= really * 0.05)
    return {Grade::ok, fmt::format("{:.0f} zero pages beside {:.0f} written to swap", counted, really)};
  return {Grade::failed,
          fmt::format("{:.0f} zero pages were only counted and {:.0f} written: swap saw no such load",
                      counted, really)};
}

struct SwapInCounters {
  const char *read, *cached, *zero;
};
constexpr SwapInCounters kOfMachine{column::kSwappedIn, column::kZswappedIn, column::kZeroSwappedIn};
constexpr SwapInCounters kOfCgroup{column::kCgroupSwappedIn, column::kCgroupZswappedIn,
                                   column::kCgroupZeroSwappedIn};

/// Pages that came back from swap in the measured phase, by a probe that counts them: those read, those that
/// a cache in front of it had, and where they are meant, zero pages.
Value read_from_swap(const TrialFacts& facts, const SwapInCounters& counters) {
  const Window& measured = measured_phase(facts);
  const Value pages =
      plus(growth(facts, measured, counters.read), growth_if_kept(facts, measured, counters.cached));
  return facts.plan.zero_pages_meant ? plus(pages, growth_if_kept(facts, measured, counters.zero)) : pages;
}

/// The block layer must have seen what vmstat says was read. Over the whole trial: the two are not read at
/// the same moment, and at its ends nothing is under way.
void ask_block_layer(const TrialFacts& facts, Found& check) {
  const auto bytes = facts.totals.whole(column::kSwapReadBytes),
             pages = facts.totals.whole(column::kSwappedIn);
  // What lies in files is read past the devices' counts.
  const bool all_on_devices = !facts.totals.has(column::kSwapInFiles) ||
                              facts.totals.mean(measured_phase(facts), column::kSwapInFiles).value_or(1) <= 0;
  if (!bytes || !pages || !all_on_devices) return;
  const double seen = *bytes / static_cast<double>(os::page_size().count);
  check.text += fmt::format("; in the whole trial {:.0f} by vmstat, {:.0f} by the block layer", *pages, seen);
  if (seen < kLeastAccounted * *pages) check.grade = Grade::failed;
}

/// Pages that came back from swap must have come from somewhere: each count of them has to account for the
/// faults.
Found device_io(const TrialFacts& facts) {
  if (!facts.plan.swaps) return {Grade::ok, "this workload needs no swap"};
  if (measured_phase(facts).seconds <= 0) return not_known("nothing was measured");
  if (facts.result.killed) return not_known(kKilled);
  const Value of_machine = read_from_swap(facts, kOfMachine), of_cgroup = read_from_swap(facts, kOfCgroup);
  if (!std::holds_alternative<double>(of_machine)) return not_known(of_machine);
  double faults = 0;
  for (const trial::WorkerResult& worker : facts.result.workers)
    faults += static_cast<double>(worker.measured.major_faults);
  const double by_machine = std::get<double>(of_machine);
  Found check{Grade::ok,
              fmt::format("{:.0f} major faults; pages read from swap: {:.0f} by vmstat", faults, by_machine)};
  const double least = kLeastAccounted * faults;
  if (by_machine < least) check.grade = Grade::failed;
  if (const auto* const by_cgroup = std::get_if<double>(&of_cgroup)) {
    check.text += fmt::format(", {:.0f} by the cgroup", *by_cgroup);
    if (*by_cgroup + kStatBatch * facts.online_cpus < least) check.grade = Grade::failed;
  }
  if (facts.plan.zero_pages_meant) check.text += ", zero pages included";
  ask_block_layer(facts, check);
  return check;
}

Found flush_path(const TrialFacts& facts) {
  if (facts.flush.method == machine::FlushMethod::ipi && !facts.flush.paravirt_flush_offered)
    return {Grade::ok, facts.flush.text};
  if (facts.flush.method == machine::FlushMethod::ipi)
    return {Grade::ok,
            "the hypervisor offers paravirtual flushes: those to preempted vCPUs are deferred and send no "
            "IPI; steal "
            "and time on CPU say how many that can be"};
  return {Grade::unknown, facts.flush.text + ": IPIs are not the whole of the flushes"};
}

Found several_cpus(const TrialFacts& facts) {
  std::vector<int> cpus = facts.plan.cpus;
  std::sort(cpus.begin(), cpus.end());
  const auto distinct = std::unique(cpus.begin(), cpus.end()) - cpus.begin();
  if (distinct > 1) return {Grade::ok, fmt::format("workers ran on {} CPUs", distinct)};
  return {Grade::unknown, "all workers ran on one CPU: no shootdown between them is possible"};
}

Found sampling(const TrialFacts& facts) {
  const trial::SamplingFacts& s = facts.result.sampling;
  const std::string detail = fmt::format("{} samples, {} late, {} dropped", s.samples, s.late, s.dropped);
  return {s.dropped > 0 ? Grade::unknown : Grade::ok, detail};
}

/// A row is all that is said of a check: what it wants, what a trial that fails it would spoil, where the
/// limit comes from and what helps.
struct ValidityCheck {
  const char* id;
  Found (*examine)(const TrialFacts& facts);
  std::string wanted = {};
  const char* why = "";
  const char* source = "";
  const char* fix = "";
  bool decides = true;
};

std::string at_least(double share, const char* of_what) {
  return fmt::format("at least {:.0f}% {}", 100 * share, of_what);
}
std::string at_most(double share, const char* of_what) {
  return fmt::format("at most {:.0f}% {}", 100 * share, of_what);
}

const std::vector<ValidityCheck>& checks() {
  static const std::vector<ValidityCheck> kChecks{
      {.id = "outcome", .examine = &outcome},
      {.id = "workload", .examine = &workload},
      {.id = "pages_gone",
       .examine = &pages_gone,
       .wanted = at_least(kLeastGone, "of the pages pushed out; any page where the kernel chooses"),
       .why = "figures by page would be of pages that stayed"},
      {.id = "zero_pages",
       .examine = &zero_pages,
       .wanted = "at most 5% as many as were written",
       .why = "zero pages never reach a device",
       .source = "mm/page_io.c: swap_writeout() notes them in the swap area's zeromap"},
      {.id = "device_io",
       .examine = &device_io,
       .wanted = at_least(kLeastAccounted, "of the major faults by each count"),
       .why = "faults that no device served are not what they seem",
       .source = "mm/memcontrol.c: memcg_vmstats_needs_flush() for what a cgroup's count may lack"},
      {.id = "sharers_on_cpu",
       .examine = &sharers_on_cpu,
       .wanted = at_least(kLeastOnCpu, "of the time"),
       .why = "a CPU in lazy TLB mode is sent no IPI",
       .source = "arch/x86/mm/tlb.c: cpu_tlbstate_shared.is_lazy",
       .fix = "stop what else runs, or give the workers CPUs of their own (--cpus)"},
      {.id = "waiting_for_cpu",
       .examine = &waiting_for_cpu,
       .wanted = at_most(kMostWaiting, "of the time"),
       .why = "what else ran took the worker's time, and its place in the TLB",
       .source = "Documentation/scheduler/sched-stats.rst: /proc/PID/schedstat",
       .fix = "stop what else runs, or give the workers CPUs of their own (--cpus)"},
      {.id = "foreign_load",
       .examine = &foreign_load,
       .wanted = at_most(kMostForeign, "of a worker's CPU, and of all CPU time"),
       .why = "who runs beside the workers takes their time, and sends IPIs that are counted as theirs",
       .source = "kernel/sched/cpuacct.c; Documentation/scheduler/sched-stats.rst: /proc/PID/schedstat",
       .fix = "stop what else runs"},
      {.id = "foreign_reclaim",
       .examine = &foreign_reclaim,
       .wanted = at_most(kMostForeign, "as many as the trial's own pages or interrupts"),
       .why = "each page that is taken from others may cost an interrupt that is counted as the trial's",
       .source = "mm/vmscan.c: shrink_inactive_list() counts pgsteal, for cgroups and the machine",
       .fix = "stop what else allocates memory; tlbstorm doctor tells of DAMON and khugepaged",
       .decides = false},  // foreign_load bounds what foreign reclaim can do
      {.id = "foreign_shootdowns",
       .examine = &foreign_shootdowns,
       .wanted = at_most(kMostForeign, "of the flushes sent"),
       .why = "they are counted with the trial's",
       .source = "include/trace/events/tlb.h: tlb:tlb_flush",
       .fix = "stop what else runs",
       .decides = false},
      {.id = "steal",
       .examine = &steal,
       .wanted = at_most(kMostStolen, "of all CPU time"),
       .why = "a vCPU that does not run answers no IPI",
       .source = "Documentation/filesystems/proc.rst: /proc/stat",
       .fix = "use a host with CPUs to spare"},
      // Both sides of a comparison flush in one way, and the trial is what it was asked to be.
      {.id = "flush_path", .examine = &flush_path, .decides = false},
      {.id = "several_cpus", .examine = &several_cpus, .decides = false},
      // Edges are never dropped, so the figures hold; only the time line has holes.
      {.id = "sampling", .examine = &sampling, .wanted = "none dropped", .decides = false}};
  return kChecks;
}

}  // namespace

std::vector<Finding> check_validity(const TrialFacts& facts) {
  std::vector<Finding> findings;
  for (const ValidityCheck& check : checks()) {
    Found found = check.examine(facts);
    Finding finding{check.id, found.grade, std::move(found.text), check.wanted};
    finding.decides = check.decides;
    if (finding.grade != Grade::ok) {
      finding.why = check.why;
      finding.source = check.source;
      finding.fix = check.fix;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace tlbstorm::judge
