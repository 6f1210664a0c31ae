// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/collection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace tlbstorm::trial {
namespace {

/// Adds a worker's times to the trial's; false when it has none.
bool merge(const Slot& slot, TrialResult& result) {
  const bool any = std::any_of(slot.latency.begin(), slot.latency.end(),
                               [](const Histogram& histogram) { return histogram.total() > 0; });
  if (!any) return false;
  if (!result.latency) result.latency = std::make_unique<Latencies>();
  for (std::size_t i = 0; i < AccessClass::kCount; ++i) (*result.latency)[i].merge(slot.latency[i]);
  result.timing_overhead = std::max(result.timing_overhead, slot.timing_overhead);
  return true;
}

}  // namespace

void collect_workers(const Scoreboard& scoreboard, TrialResult& result) {
  std::vector<std::vector<Gap>> gaps;
  for (int i = 0; i < scoreboard.workers(); ++i) {
    const Slot& slot = scoreboard.slot(i);
    result.workers.push_back({i, slot.tid, slot.cpu, slot.operations, slot.measured});
    if (!merge(slot, result)) continue;
    gaps.emplace_back(slot.stalls.gaps().begin(), slot.stalls.gaps().end());
    result.stall_resolution = std::max(result.stall_resolution, slot.stalls.threshold());
  }
  if (!gaps.empty() && gaps.size() == result.workers.size()) result.longest_stall = longest_common_gap(gaps);
}

void collect_bystanders(const Scoreboard& scoreboard, TrialResult& result) {
  for (int i = 0; i < scoreboard.bystanders(); ++i) {
    const BystanderSlot& slot = scoreboard.bystander(i);
    if (!result.gaps) result.gaps = std::make_unique<Histogram>();
    result.gaps->merge(slot.gaps);
    result.bystanders.push_back({i, slot.cpu, os::Nanoseconds{static_cast<std::int64_t>(slot.lost_ns)},
                                 slot.gaps.total(),
                                 os::Nanoseconds{static_cast<std::int64_t>(slot.gaps.max())}, slot.measured});
  }
}

void collect_wrong_pages(const Scoreboard& scoreboard, TrialResult& result) {
  result.wrong_pages = scoreboard.wrong_pages();
  result.wrong_page_texts = scoreboard.wrong_page_descriptions();
  if (result.wrong_pages == 0) return;
  const std::string besides =
      result.outcome == Outcome::ok ? "" : fmt::format("; also {}: {}", name(result.outcome), result.reason);
  result.outcome = Outcome::corrupted;
  result.reason = fmt::format("{} page{} came back wrong{}", result.wrong_pages,
                              result.wrong_pages == 1 ? "" : "s", besides);
}

std::map<int, os::Nanoseconds> own_times(const TrialResult& result) {
  std::map<int, os::Nanoseconds> own;
  for (const WorkerResult& worker : result.workers) own[worker.cpu] += worker.measured.on_cpu;
  for (const BystanderResult& bystander : result.bystanders) own[bystander.cpu] += bystander.measured.on_cpu;
  return own;
}

}  // namespace tlbstorm::trial
