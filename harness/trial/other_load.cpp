// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/other_load.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "harness/os/clock.hpp"
#include "harness/os/fd.hpp"

namespace tlbstorm::trial {
namespace {

using os::Nanoseconds;

/// Kernel threads that reclaim, merge or move pages of their own accord: mm/damon/core.c, mm/khugepaged.c,
/// mm/ksm.c. Others do what somebody waits for: kswapd, kcompactd, kworkers of a device.
bool works_by_itself(const std::string& kernel_thread) {
  return std::ranges::any_of(std::array{"kdamond", "khugepaged", "ksmd"},
                             [&](const char* name) { return kernel_thread.starts_with(name); });
}

/// Whether it is this process, or came from it.
bool came_from_us(const machine::TaskUse& task) {
  const int self = ::getpid();
  int pid = task.pid, parent = task.parent;
  while (pid != self && parent > 1) {
    pid = parent;
    const auto of = machine::parse_task(os::try_read_text(fmt::format("/proc/{}/stat", pid)).value_or(""));
    parent = of ? of->parent : 0;
  }
  return pid == self;
}

void add(std::vector<OtherTask>& tasks, const machine::TaskUse& task) {
  const auto known = std::ranges::find_if(
      tasks, [&](const OtherTask& one) { return one.name == task.name && one.cpu == task.cpu; });
  if (known == tasks.end()) {
    tasks.push_back({task.name, task.cpu, task.used});
  } else {
    known->used += task.used;
  }
}

Nanoseconds sum(const std::vector<OtherTask>& tasks) {
  return std::accumulate(tasks.begin(), tasks.end(), Nanoseconds{0},
                         [](Nanoseconds all, const OtherTask& one) { return all + one.used; });
}

Nanoseconds sum_on(const std::vector<OtherTask>& tasks, int cpu) {
  return std::accumulate(tasks.begin(), tasks.end(), Nanoseconds{0}, [&](Nanoseconds all, const auto& one) {
    return one.cpu == cpu ? all + one.used : all;
  });
}

Nanoseconds used_by_children() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  return os::from_timeval(used.ru_utime) + os::from_timeval(used.ru_stime);
}

/// Whoever reads a process's clock has the kernel account for those of its threads that run right now, which
/// it else does at the next tick: kernel/sched/core.c: task_sched_runtime().
void bring_up_to_date(int pid) {
  clockid_t clock{};
  if (::clock_getcpuclockid(pid, &clock) == 0) static_cast<void>(os::read_clock(clock));
}

}  // namespace

Nanoseconds OtherLoad::named() const { return sum(foreign); }
Nanoseconds OtherLoad::named(int cpu) const { return sum_on(foreign, cpu); }

OtherLoadMeter::Edge OtherLoadMeter::take_edge(std::span<const int> ours) {
  ours_.insert(ours.begin(), ours.end());
  for (const int pid : ours) bring_up_to_date(pid);
  return {os::now(), os::read_clock(CLOCK_PROCESS_CPUTIME_ID), used_by_children(), account_.read()};
}

void OtherLoadMeter::look_before() { before_.emplace(); }
void OtherLoadMeter::begin(std::span<const int> ours) {
  listener_.emplace();
  begin_ = take_edge(ours);
}
void OtherLoadMeter::end(std::span<const int> ours) {
  if (begin_) end_ = take_edge(ours);
}
void OtherLoadMeter::look_after() {
  if (before_) ran_ = machine::TaskLook().used_since(*before_);
  if (listener_) ended_ = listener_->take();
  listener_.reset();
}

OtherLoad OtherLoadMeter::load(const std::optional<std::map<int, Nanoseconds>>& own) const {
  OtherLoad load;
  if (!begin_ || !end_ || !ran_) return load;
  load.wall = end_->at - begin_->at;
  load.resolution = 2 * account_.resolution();
  for (const machine::TaskUse& task : *ran_) {
    if (task.kernel)
      add(works_by_itself(task.name) ? load.foreign : load.kernel, task);
    else if (!ours_.contains(task.pid) && !came_from_us(task))
      add(load.foreign, task);
  }
  for (machine::TaskUse task : ended_) {
    task.used -= before_->used_by(task.tid);
    const bool is_ours = ours_.contains(task.pid) || ours_.contains(task.parent) || task.parent == ::getpid();
    if (!is_ours && task.used > Nanoseconds{0}) add(load.ended, task);
  }
  for (auto* const tasks : {&load.foreign, &load.ended, &load.kernel})
    std::ranges::sort(*tasks, std::greater{}, &OtherTask::used);

  Nanoseconds ours = end_->self - begin_->self;
  if (!own) ours += end_->children - begin_->children;
  const std::map<int, Nanoseconds> workers = own.value_or(std::map<int, Nanoseconds>{});
  for (const auto& [cpu, used] : workers) ours += used;
  Nanoseconds all{};
  for (const auto& [cpu, used] : end_->used) {
    const auto before = begin_->used.find(cpu);
    if (before == begin_->used.end()) continue;  // it came online
    load.accounted = true;
    const Nanoseconds here = used - before->second;
    all += here;
    if (const auto worker = workers.find(cpu); worker != workers.end())
      load.beside_worker[cpu] = std::max(Nanoseconds{0}, here - worker->second - sum_on(load.kernel, cpu));
  }
  load.foreign_total = std::max(load.named(), all - ours - sum(load.kernel));
  return load;
}

}  // namespace tlbstorm::trial
