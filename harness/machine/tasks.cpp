// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/tasks.hpp"

#include <system_error>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

using std::filesystem::directory_iterator;
using std::filesystem::path;

constexpr std::uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD: include/linux/sched.h

/// `visit(number, folder)` for each entry whose name is a number. Entries come and go.
template <typename Visit>
void for_each_number(const path& folder, Visit visit) {
  std::error_code gone;
  for (directory_iterator entry(folder, gone), end; !gone && entry != end; entry.increment(gone))
    if (const auto number = os::to_number(entry->path().filename().native()))
      visit(static_cast<int>(*number), entry->path());
}

std::optional<os::Nanoseconds> schedstat_of(const path& task) {
  const std::optional<std::string> text = os::try_read_text(task / "schedstat");
  if (!text) return std::nullopt;
  std::string_view line = *text;
  const auto used = os::to_number(os::take_field(line));
  if (!used) return std::nullopt;
  return os::Nanoseconds{static_cast<std::int64_t>(*used)};
}

}  // namespace

std::optional<TaskUse> parse_task(std::string_view stat) {
  const std::size_t open = stat.find('('), close = stat.rfind(')');  // the name may have any letter
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  TaskUse task;
  task.name = stat.substr(open + 1, close - open - 1);
  std::string_view rest = stat.substr(close + 1);
  constexpr int kParent = 4, kFlags = 9, kCpu = 39;  // proc_pid_stat(5)
  for (int field = 3; field <= kCpu; ++field) {
    const std::string_view text = os::take_field(rest);
    if (field != kParent && field != kFlags && field != kCpu) continue;
    const auto number = os::to_number(os::trim(text));
    if (!number) return std::nullopt;
    if (field == kParent) task.parent = static_cast<int>(*number);
    if (field == kFlags) task.kernel = (*number & kKernelThread) != 0;
    if (field == kCpu) task.cpu = static_cast<int>(*number);
  }
  return task;
}

TaskLook::TaskLook(const path& proc) : proc_(proc) {
  for_each_number(proc, [&](int pid, const path& process) {
    for_each_number(process / "task", [&](int tid, const path& task) {
      if (const auto used = schedstat_of(task)) tasks_[tid] = {pid, *used};
    });
  });
}

os::Nanoseconds TaskLook::used_by(int tid) const {
  const auto known = tasks_.find(tid);
  return known == tasks_.end() ? os::Nanoseconds{0} : known->second.used;
}

std::vector<TaskUse> TaskLook::used_since(const TaskLook& before) const {
  std::vector<TaskUse> ran;
  for (const auto& [tid, seen] : tasks_) {
    const auto known = before.tasks_.find(tid);
    // A tid that was used again is another task's, and counts from zero.
    const bool same = known != before.tasks_.end() && known->second.used <= seen.used;
    const os::Nanoseconds used = seen.used - (same ? known->second.used : os::Nanoseconds{0});
    if (used <= os::Nanoseconds{0}) continue;
    const path folder = proc_ / std::to_string(seen.pid) / "task" / std::to_string(tid);
    auto task = parse_task(os::try_read_text(folder / "stat").value_or(""));
    if (!task) continue;  // it has ended meanwhile
    task->tid = tid;
    task->pid = seen.pid;
    task->used = used;
    ran.push_back(std::move(*task));
  }
  return ran;
}

}  // namespace tlbstorm::machine
