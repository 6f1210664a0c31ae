// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "harness/judge/found.hpp"
#include "harness/judge/limits.hpp"
#include "harness/os/clock.hpp"

namespace tlbstorm::judge {
namespace {

using os::Grade;
using trial::OtherLoad;
using trial::OtherTask;

constexpr double kWorthSaying = 0.005;  // of a CPU
constexpr std::size_t kMostNames = 4;

/// Of a CPU's time, or of all of them.
struct Share {
  double taken = 0;
  double resolution = 0;  ///< by which that may be wrong
  int cpu = -1;           ///< all of them
};

double part(os::Nanoseconds used, os::Nanoseconds wall) {
  return os::to_seconds(used) / os::to_seconds(wall);
}

/// What spinning workers did not have of their CPUs while they measured: exact, however short it was.
std::map<int, double> lost_by_spinners(const TrialFacts& facts) {
  if (!facts.plan.workers_spin || facts.result.killed) return {};
  std::map<int, double> had;
  for (const trial::WorkerResult& worker : facts.result.workers)
    if (worker.measured.wall > os::Nanoseconds{0})
      had[worker.cpu] += part(worker.measured.on_cpu, worker.measured.wall);
  std::map<int, double> lost;
  for (const auto& [cpu, share] : had) lost[cpu] = std::max(0.0, 1 - share);
  return lost;
}

/// Of the CPUs of workers, that of which others took most.
Share worst_cpu(const TrialFacts& facts, const std::map<int, double>& lost) {
  const OtherLoad& others = facts.result.others;
  const double all = part(others.foreign_total, others.wall);
  const double coarse = part(others.resolution, others.wall);
  // Of a task that has ended nobody knows where it ran.
  const double anywhere = part(others.foreign_total - others.named(), others.wall) / facts.online_cpus;
  Share worst;
  for (const trial::WorkerResult& worker : facts.result.workers) {
    Share share{part(others.named(worker.cpu), others.wall) + anywhere, coarse, worker.cpu};
    if (const auto beside = others.beside_worker.find(worker.cpu); beside != others.beside_worker.end())
      share.taken = std::min(all, part(beside->second, others.wall));
    if (const auto known = lost.find(worker.cpu); known != lost.end())  // foreign or not: no more than that
      share = {std::min(known->second, all), std::clamp(known->second - all, 0.0, coarse), worker.cpu};
    if (worst.cpu < 0 || share.taken - share.resolution > worst.taken - worst.resolution) worst = share;
  }
  return worst;
}

Share of_machine(const TrialFacts& facts, const std::map<int, double>& lost) {
  const OtherLoad& others = facts.result.others;
  if (static_cast<int>(lost.size()) == facts.online_cpus) {
    double sum = 0;
    for (const auto& [cpu, share] : lost) sum += share;
    return {std::min(sum, part(others.foreign_total, others.wall)) / facts.online_cpus, 0};
  }
  const double unknown = std::numeric_limits<double>::infinity();
  return {part(others.foreign_total, others.wall) / facts.online_cpus,
          others.accounted ? part(others.resolution, others.wall) : unknown};
}

std::string listed(const std::vector<OtherTask>& tasks, os::Nanoseconds wall, int cpu) {
  std::string names;
  std::size_t count = 0;
  for (const OtherTask& task : tasks) {
    const double share = part(task.used, wall);
    if ((cpu >= 0 && task.cpu != cpu) || share < kWorthSaying || count++ == kMostNames) continue;
    names += fmt::format("{}{} {:.1f}%", names.empty() ? "" : ", ", task.name, 100 * share);
  }
  return names;
}

std::string place(int cpu) { return cpu < 0 ? "all CPU time" : fmt::format("CPU {}", cpu); }

std::string told(const TrialFacts& facts, const Share& share, Grade grade) {
  const OtherLoad& others = facts.result.others;
  std::string names = listed(others.foreign, others.wall, share.cpu);
  if (grade == Grade::ok) {
    std::string text = fmt::format("others took {:.1f}% of {}", 100 * share.taken, place(share.cpu));
    if (!names.empty()) text += fmt::format(" ({})", names);
    const std::string kernel = listed(others.kernel, others.wall, -1);
    return kernel.empty() ? text : fmt::format("{}; kernel threads beside them: {}", text, kernel);
  }
  if (grade == Grade::unknown)
    return fmt::format("others took {:.1f}% of {}{}, give or take {:.1f}%: {} were measured",
                       100 * share.taken, place(share.cpu), names.empty() ? "" : fmt::format(" ({})", names),
                       100 * share.resolution, os::format_duration(others.wall));
  if (const std::string ended = listed(others.ended, others.wall, -1); !ended.empty())
    names += fmt::format("{}{} by tasks that ended", names.empty() ? "" : ", ", ended);
  if (names.empty()) names = listed(others.foreign, others.wall, -1);
  if (names.empty()) names = "short-lived tasks, or such as we may not see";
  return fmt::format("disturbed: {:.1f}% of {}: {}", 100 * share.taken, place(share.cpu), names);
}

}  // namespace

std::string who_ran_on(const TrialFacts& facts, int cpu) {
  const OtherLoad& others = facts.result.others;
  if (others.wall <= os::Nanoseconds{0}) return "";
  const std::string foreign = listed(others.foreign, others.wall, cpu);
  return foreign.empty() ? listed(others.kernel, others.wall, cpu) : foreign;
}

Found foreign_load(const TrialFacts& facts) {
  // Of rounds it is known what the trial used as a whole, however its workers ended.
  if (facts.result.killed && facts.definition.pacing == trial::Pacing::timed) return not_known(kKilled);
  if (facts.result.others.wall <= os::Nanoseconds{0}) return not_known(kNotFinished);
  const std::map<int, double> lost = lost_by_spinners(facts);
  const Share cpu = worst_cpu(facts, lost), machine = of_machine(facts, lost);
  const Grade of_cpu = grade_of(cpu.taken, cpu.resolution, kMostForeign),
              of_all = grade_of(machine.taken, machine.resolution, kMostForeign);
  for (const Grade grade : {Grade::failed, Grade::unknown}) {
    if (of_cpu == grade) return {grade, told(facts, cpu, grade)};
    if (of_all == grade)
      return {grade, facts.result.others.accounted ? told(facts, machine, grade)
                                                   : "the kernel gives no account of all tasks' time"};
  }
  return {Grade::ok, told(facts, cpu, Grade::ok)};
}

}  // namespace tlbstorm::judge
