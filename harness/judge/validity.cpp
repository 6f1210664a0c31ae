// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/validity.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/judge/derivation.hpp"
#include "harness/judge/reclaim.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/mapping.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::judge {
namespace {

using os::Finding;
using os::Grade;
using trial::Phase;

// A sharer that is off its CPU gets no IPI: the kernel's lazy TLB mode skips it. 10% off is up to 10% missing
// IPIs.
constexpr double kLeastOnCpu = 0.90;
constexpr double kMostWaiting = 0.10;     // of a worker's time, runnable but not running
constexpr double kMostForeign = 0.05;     // of all CPU time, in user mode of other processes
constexpr double kMostStolen = 0.10;      // of all CPU time, by the hypervisor
constexpr double kShortest = 1.0;         // seconds that make the 10 ms ticks of /proc/stat tell anything
constexpr double kLeastAccounted = 0.90;  // of the major faults, by pages that a swap area gave
// A cgroup's statistics are brought up to date when so many updates a CPU are pending: mm/memcontrol.c,
// memcg_vmstats_needs_flush, MEMCG_CHARGE_BATCH.
constexpr double kStatBatch = 64;
constexpr double kLeastGone = 0.95;  // of the pages that a workload pushed out

Finding outcome(const TrialFacts& facts) {
  const trial::Outcome outcome = facts.result.outcome;
  const std::string expected{trial::name(facts.plan.expect)};
  const std::string text =
      outcome == trial::Outcome::ok ? "ok" : fmt::format("{}: {}", trial::name(outcome), facts.result.reason);
  if (outcome == facts.plan.expect)
    return {"outcome", Grade::ok, outcome == trial::Outcome::ok ? text : text + " (as expected)"};
  return {
      "outcome", Grade::failed,
      facts.plan.expect == trial::Outcome::ok ? text : fmt::format("{}; {} was expected", text, expected)};
}

Finding workload(const TrialFacts& facts) {
  if (facts.result.invalid.empty()) return {"workload", Grade::ok, "found nothing wrong"};
  return {"workload", Grade::failed, fmt::format("{}", fmt::join(facts.result.invalid, "; "))};
}

/// A check that could not be made, and why.
Finding not_known(const char* name, const char* why) { return {name, Grade::unknown, why}; }
Finding not_known(const char* name, const Value& value) {
  return {name, Grade::unknown, std::get<record::Absence>(value).reason};
}

const Window& measured_phase(const TrialFacts& facts) { return facts.totals.phase(Phase::measure); }

constexpr const char* kKilled = "a worker was killed: what it used last is not known";

/// The worst worker's share of its measured wall time; negative when no worker measured.
template <typename Get>
double extreme_share(const TrialFacts& facts, bool smallest, Get get) {
  double worst = -1;
  for (const trial::WorkerResult& worker : facts.result.workers) {
    const double wall = os::to_seconds(worker.measured.wall);
    if (wall <= 0) continue;
    const double share = os::to_seconds(get(worker.measured)) / wall;
    if (worst < 0 || (smallest ? share < worst : share > worst)) worst = share;
  }
  return worst;
}

Finding sharers_on_cpu(const TrialFacts& facts) {
  const double least = extreme_share(facts, true, [](const trial::Usage& used) { return used.on_cpu; });
  if (least < 0) return {"sharers_on_cpu", Grade::unknown, "no worker finished a measured phase"};
  if (facts.result.killed) return {"sharers_on_cpu", Grade::unknown, kKilled};
  const std::string detail = fmt::format(
      "the worker that ran least was on its CPU for {:.1f}% (limit {:.0f}%)", 100 * least, 100 * kLeastOnCpu);
  if (!facts.plan.workers_spin) return {"sharers_on_cpu", Grade::ok, detail + ": this workload may sleep"};
  return {"sharers_on_cpu", least < kLeastOnCpu ? Grade::failed : Grade::ok, detail};
}

Finding waiting_for_cpu(const TrialFacts& facts) {
  const bool known = std::all_of(facts.result.workers.begin(), facts.result.workers.end(),
                                 [](const trial::WorkerResult& w) { return w.measured.waiting_known; });
  if (!known)
    return not_known("waiting_for_cpu", facts.result.killed
                                            ? kKilled
                                            : "the kernel keeps no schedstat, or nothing was measured");
  const double most = extreme_share(facts, false, [](const trial::Usage& used) { return used.waiting; });
  const std::string detail =
      fmt::format("the worker that waited most for its CPU waited {:.1f}% (limit {:.0f}%)", 100 * most,
                  100 * kMostWaiting);
  if (most <= kMostWaiting) return {"waiting_for_cpu", Grade::ok, detail};
  if (facts.plan.workers_spin) return {"waiting_for_cpu", Grade::failed, detail};
  return {
      "waiting_for_cpu", Grade::unknown,
      detail +
          ": for kernel threads that reclaim for it (kswapd, drains of per-CPU caches), or for other load"};
}

Value cpu_seconds(const TrialFacts& facts, const char* column) {
  if (measured_phase(facts).seconds < kShortest)
    return absent("less than 1 s was measured: too short for /proc/stat to tell");
  return growth(facts, measured_phase(facts), column);
}

double capacity(const TrialFacts& facts) {
  return measured_phase(facts).seconds * std::max(1, facts.online_cpus);
}

Finding foreign_load(const TrialFacts& facts) {
  const char* const name = "foreign_load";
  const Value all = plus(cpu_seconds(facts, column::kUserTime), cpu_seconds(facts, column::kNiceTime));
  if (!std::holds_alternative<double>(all)) return not_known(name, all);
  if (facts.result.killed) return not_known(name, kKilled);
  double own = 0;
  for (const trial::WorkerResult& worker : facts.result.workers) own += os::to_seconds(worker.measured.user);
  for (const trial::BystanderResult& bystander : facts.result.bystanders)
    own += os::to_seconds(bystander.measured.user);
  // Kernel threads (kswapd, writeback) work for the workload and have no user time; other processes have
  // some.
  const double share = std::max(0.0, std::get<double>(all) - own) / capacity(facts);
  return {name, share > kMostForeign ? Grade::failed : Grade::ok,
          fmt::format("other processes' user time took {:.1f}% of all CPU time (limit {:.0f}%)", 100 * share,
                      100 * kMostForeign)};
}

Finding steal(const TrialFacts& facts) {
  const char* const name = "steal";
  const Value stolen = cpu_seconds(facts, column::kStolenTime);
  if (!std::holds_alternative<double>(stolen)) return not_known(name, stolen);
  const double share = std::get<double>(stolen) / capacity(facts);
  return {name, share > kMostStolen ? Grade::failed : Grade::ok,
          fmt::format("the hypervisor stole {:.1f}% of all CPU time (limit {:.0f}%)", 100 * share,
                      100 * kMostStolen)};
}

Finding pages_gone(const TrialFacts& facts) {
  const char* const name = "pages_gone";
  if (!facts.plan.reclaims) return {name, Grade::ok, "this workload reclaims nothing"};
  const Window& measured = measured_phase(facts);
  if (measured.seconds <= 0) return not_known(name, "the measured phase was not finished");
  const Value gone = pages_stolen(facts, measured, Reclaimer::all);
  if (!std::holds_alternative<double>(gone)) return not_known(name, gone);
  const double pages = std::get<double>(gone);
  if (!facts.totals.has(column::of_workload(trial::counter::kPagesGone)))
    return {name, pages > 0 ? Grade::ok : Grade::failed,
            pages > 0 ? fmt::format("{:.0f} pages were reclaimed", pages)
                      : "nothing was reclaimed: the working set fits, or was charged to another cgroup"};
  const auto offered = facts.totals.growth(measured, column::kOperations);
  const double share = offered && *offered > 0 ? pages / *offered : 0;
  return {name, share < kLeastGone ? Grade::failed : Grade::ok,
          fmt::format("{:.1f}% of the pages pushed out really left (limit {:.0f}%)", 100 * share,
                      100 * kLeastGone)};
}

/// Major faults or write-outs that no device saw are not what they seem: zero pages are only counted.
Finding zero_pages(const TrialFacts& facts) {
  const char* const name = "zero_pages";
  const Window& measured = measured_phase(facts);
  if (facts.plan.zero_pages_meant) return {name, Grade::ok, "zero pages are part of the workload"};
  // Kernels before 6.12 write zero pages out as any other; one without swap counts neither.
  const Value zero = growth_if_kept(facts, measured, column::kZeroSwappedOut);
  const Value written = growth_if_kept(facts, measured, column::kSwappedOut);
  if (const Value both = plus(zero, written); !std::holds_alternative<double>(both))
    return not_known(name, both);
  const double counted = std::get<double>(zero), really = std::get<double>(written);
  if (counted <= really * 0.05)
    return {name, Grade::ok, fmt::format("{:.0f} zero pages beside {:.0f} written to swap", counted, really)};
  return {name, Grade::failed,
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
void ask_block_layer(const TrialFacts& facts, Finding& check) {
  const auto bytes = facts.totals.whole(column::kSwapReadBytes),
             pages = facts.totals.whole(column::kSwappedIn);
  // What lies in files is read past the devices' counts.
  const bool all_on_devices = !facts.totals.has(column::kSwapInFiles) ||
                              facts.totals.mean(measured_phase(facts), column::kSwapInFiles).value_or(1) <= 0;
  if (!bytes || !pages || !all_on_devices) return;
  const double seen = *bytes / static_cast<double>(os::page_size().count);
  check.found +=
      fmt::format("; in the whole trial {:.0f} by vmstat, {:.0f} by the block layer", *pages, seen);
  if (seen < kLeastAccounted * *pages) check.grade = Grade::failed;
}

/// Pages that came back from swap must have come from somewhere: each count of them has to account for the
/// faults.
Finding device_io(const TrialFacts& facts) {
  const char* const name = "device_io";
  if (!facts.plan.swaps) return {name, Grade::ok, "this workload needs no swap"};
  if (measured_phase(facts).seconds <= 0) return not_known(name, "nothing was measured");
  if (facts.result.killed) return not_known(name, kKilled);
  const Value of_machine = read_from_swap(facts, kOfMachine), of_cgroup = read_from_swap(facts, kOfCgroup);
  if (!std::holds_alternative<double>(of_machine)) return not_known(name, of_machine);
  double faults = 0;
  for (const trial::WorkerResult& worker : facts.result.workers)
    faults += static_cast<double>(worker.measured.major_faults);
  const double by_machine = std::get<double>(of_machine);
  Finding check{
      name, Grade::ok,
      fmt::format("{:.0f} major faults; pages read from swap: {:.0f} by vmstat", faults, by_machine)};
  const double least = kLeastAccounted * faults;
  if (by_machine < least) check.grade = Grade::failed;
  if (const auto* const by_cgroup = std::get_if<double>(&of_cgroup)) {
    check.found += fmt::format(", {:.0f} by the cgroup", *by_cgroup);
    if (*by_cgroup + kStatBatch * facts.online_cpus < least) check.grade = Grade::failed;
  }
  if (facts.plan.zero_pages_meant) check.found += ", zero pages included";
  ask_block_layer(facts, check);
  return check;
}

Finding flush_path(const TrialFacts& facts) {
  if (facts.flush.method == machine::FlushMethod::ipi && !facts.flush.paravirt_flush_offered)
    return {"flush_path", Grade::ok, facts.flush.text};
  if (facts.flush.method == machine::FlushMethod::ipi)
    return {"flush_path", Grade::ok,
            "the hypervisor offers paravirtual flushes: those to preempted vCPUs are deferred and send no "
            "IPI; steal "
            "and time on CPU say how many that can be"};
  return {"flush_path", Grade::unknown, facts.flush.text + ": IPIs are not the whole of the flushes"};
}

Finding one_cpu(const TrialFacts& facts) {
  std::vector<int> cpus = facts.plan.cpus;
  std::sort(cpus.begin(), cpus.end());
  const auto distinct = std::unique(cpus.begin(), cpus.end()) - cpus.begin();
  if (distinct > 1) return {"several_cpus", Grade::ok, fmt::format("workers ran on {} CPUs", distinct)};
  return {"several_cpus", Grade::unknown,
          "all workers ran on one CPU: no shootdown between them is possible"};
}

Finding sampling(const TrialFacts& facts) {
  const trial::SamplingFacts& s = facts.result.sampling;
  const std::string detail = fmt::format("{} samples, {} late, {} dropped", s.samples, s.late, s.dropped);
  // Edges are never dropped, so the figures hold; only the time line has holes.
  return {"sampling", s.dropped > 0 ? Grade::unknown : Grade::ok, detail};
}

}  // namespace

std::vector<Finding> check_validity(const TrialFacts& facts) {
  return {outcome(facts),   workload(facts),       pages_gone(facts),      zero_pages(facts),
          device_io(facts), sharers_on_cpu(facts), waiting_for_cpu(facts), foreign_load(facts),
          steal(facts),     flush_path(facts),     one_cpu(facts),         sampling(facts)};
}

}  // namespace tlbstorm::judge
