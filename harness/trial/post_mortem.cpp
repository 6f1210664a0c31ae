// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/post_mortem.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "harness/machine/swap.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {
namespace {

std::optional<os::KernelLog> open_log() {
  try {
    return os::KernelLog();
  } catch (const os::SystemError&) {
    return std::nullopt;  // kernel.dmesg_restrict, or a container: the outcome stands without the report
  }
}

std::optional<std::size_t> find(std::span<const probe::Column> columns, std::string_view name) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const probe::Column& column) { return column.name == name; });
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

/// Whether a cgroup is one that we made, or below it.
bool bears_our_name(const std::string& cgroup) {
  return (cgroup + "/").find(fmt::format("/{}/", os::own_name())) != std::string::npos;
}

std::string free_text(os::Bytes free, os::Bytes total) {
  if (total.count == 0) return "no swap";
  return fmt::format("{} of {} swap free", os::format_size(free), os::format_size(total));
}

}  // namespace

PostMortem::PostMortem(std::span<const probe::Column> columns)
    : began_(os::now()),
      had_swap_(!machine::parse_swaps(os::try_read_text("/proc/swaps").value_or("")).empty()),
      log_(open_log()),
      free_column_(find(columns, column::kSwapFree)),
      total_column_(find(columns, column::kSwapTotal)),
      locked_column_(find(columns, column::of_workload(counter::kLocked))) {}

void PostMortem::sample(const Sample& sample) {
  const auto value = [&](std::optional<std::size_t> column) {
    return column ? sample.values[*column] : probe::kAbsent;
  };
  lately_[next_++ % lately_.size()] = {sample.at, value(free_column_), value(total_column_),
                                       value(locked_column_), ended_};
  ended_ = sample.stage.phase >= Phase::verify;
}

std::vector<os::OomReport> PostMortem::reports() {
  return log_ ? os::find_oom_reports(log_->take()) : std::vector<os::OomReport>{};
}

const PostMortem::Moment* PostMortem::before_the_kill(const os::OomReport* report,
                                                      double Moment::*figure) const {
  const Moment* last = nullptr;
  for (const Moment& moment : lately_) {
    const bool before =
        report != nullptr && has_a_time(*report) ? moment.at <= report->at - began_ : !moment.after_end;
    if (before && !std::isnan(moment.*figure) && (last == nullptr || moment.at > last->at)) last = &moment;
  }
  return last;
}

/// The kernel's log has a clock of its own, which drifts from ours over months (kernel/printk/printk.c:
/// local_clock()): a time before the trial, or well after now, is none.
bool PostMortem::has_a_time(const os::OomReport& report) const {
  return report.at >= began_ && report.at <= os::now() + std::chrono::minutes{2};
}

std::string PostMortem::swap_text(const os::OomReport* report) const {
  if (report != nullptr && report->swap_free && report->swap_total)
    return free_text(*report->swap_free, *report->swap_total);
  if (!free_column_) return had_swap_ ? "swap not sampled" : "no swap";
  const Moment* const last = before_the_kill(report, &Moment::free);
  if (last == nullptr) return "swap not sampled";
  return free_text({static_cast<std::uint64_t>(last->free)}, {static_cast<std::uint64_t>(last->total)});
}

/// By the kernel's own report where it is of our cgroup alone, else by what the workers had counted.
std::string PostMortem::locked_text(const os::OomReport* report) const {
  if (!locked_column_) return "";
  if (report != nullptr && report->unevictable && bears_our_name(report->limited))
    return fmt::format("{} locked, ", os::format_size(*report->unevictable));
  const Moment* const last = before_the_kill(report, &Moment::locked);
  if (last == nullptr) return "";
  return fmt::format("{} locked, ", os::format_size({static_cast<std::uint64_t>(last->locked)}));
}

std::string PostMortem::account(const std::vector<os::OomReport>& reports, std::span<const int> pids) const {
  const auto first = std::find_if(reports.begin(), reports.end(),
                                  [&](const os::OomReport& each) { return is_ours(each, pids); });
  const os::OomReport* const report = first == reports.end() ? nullptr : &*first;
  std::string text = "the kernel killed a worker for memory";
  if (report != nullptr && has_a_time(*report))
    text += fmt::format(" {:.2f} s after the trial began", os::to_seconds(report->at - began_));
  if (report != nullptr)
    text += report->in_cgroup ? " (its cgroup was at its limit)" : " (the machine had none left)";
  return fmt::format("{}: {}{}", text, locked_text(report), swap_text(report));
}

bool is_ours(const os::OomReport& report, std::span<const int> pids) {
  return std::find(pids.begin(), pids.end(), report.victim) != pids.end() || bears_our_name(report.cgroup) ||
         report.victim_name == os::trial_name(::getpid());
}

}  // namespace tlbstorm::trial
