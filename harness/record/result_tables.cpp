// SPDX-License-Identifier: Apache-2.0
#include "harness/record/result_tables.hpp"

#include "harness/os/clock.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {
namespace {

void usage_rows(CsvWriter& table, int trial, int index, const trial::Usage& used) {
  const auto row = [&](std::string_view figure, std::string_view unit, double value) {
    table.field(trial).field(index).field(figure).field(unit).field(value).end_row();
  };
  row("wall", "s", os::to_seconds(used.wall));
  row("on_cpu", "s", os::to_seconds(used.on_cpu));
  row("waiting_for_cpu", "s", used.waiting_known ? os::to_seconds(used.waiting) : probe::kAbsent);
  row("user", "s", os::to_seconds(used.user));
  row("system", "s", os::to_seconds(used.system));
  row("minor_faults", "faults", static_cast<double>(used.minor_faults));
  row("major_faults", "faults", static_cast<double>(used.major_faults));
  row("voluntary_switches", "switches", static_cast<double>(used.voluntary_switches));
  row("involuntary_switches", "switches", static_cast<double>(used.involuntary_switches));
}

/// The buckets that are not empty, the last of them no longer than the longest time; `begin` writes the
/// fields before them.
template <typename Begin>
void bucket_rows(CsvWriter& table, const trial::Histogram& histogram, Begin begin) {
  for (std::size_t i = 0; i < trial::Histogram::kBuckets; ++i) {
    if (histogram.count(i) == 0) continue;
    begin(table);
    table.field(trial::Histogram::lower(i)).field(histogram.end(i)).field(histogram.count(i));
    table.end_row();
  }
}

}  // namespace

void ResultTables::create(const os::Folder& folder) {
  folder_ = &folder;
  workers_ = CsvWriter(folder, kWorkersFile, kWorkersHeader);
}

void ResultTables::add(const trial::TrialResult& result) {
  add_workers(result);
  if (result.latency) add_latencies(result);
  if (!result.bystanders.empty()) add_bystanders(result);
}

void ResultTables::add_workers(const trial::TrialResult& result) {
  for (const trial::WorkerResult& worker : result.workers) {
    const auto row = [&](std::string_view figure, std::string_view unit, double value) {
      workers_.field(result.trial).field(worker.index).field(figure).field(unit).field(value).end_row();
    };
    row("tid", "", worker.tid);
    row("cpu", "", worker.cpu);
    row("operations", "operations", static_cast<double>(worker.operations));
    usage_rows(workers_, result.trial, worker.index, worker.measured);
  }
  workers_.flush();
}

void ResultTables::add_latencies(const trial::TrialResult& result) {
  if (!latency_.is_open()) latency_ = CsvWriter(*folder_, kLatencyFile, kLatencyHeader);
  for (std::size_t i = 0; i < result.latency->size(); ++i) {
    const trial::AccessClass kind(i);
    bucket_rows(latency_, (*result.latency)[i], [&](CsvWriter& table) {
      table.field(result.trial).field(name(kind.access)).field(name(kind.met));
    });
  }
  latency_.flush();
}

void ResultTables::add_bystanders(const trial::TrialResult& result) {
  if (!bystanders_.is_open()) {
    bystanders_ = CsvWriter(*folder_, kBystandersFile, kBystandersHeader);
    gaps_ = CsvWriter(*folder_, kGapsFile, kGapsHeader);
  }
  for (const trial::BystanderResult& bystander : result.bystanders) {
    const auto row = [&](std::string_view figure, std::string_view unit, double value) {
      bystanders_.field(result.trial).field(bystander.index).field(figure).field(unit).field(value).end_row();
    };
    row("cpu", "", bystander.cpu);
    row("gaps", "gaps", static_cast<double>(bystander.gaps));
    row("lost", "s", os::to_seconds(bystander.lost));
    row("longest_gap", "s", os::to_seconds(bystander.longest));
    usage_rows(bystanders_, result.trial, bystander.index, bystander.measured);
  }
  bystanders_.flush();
  bucket_rows(gaps_, *result.gaps, [&](CsvWriter& table) { table.field(result.trial); });
  gaps_.flush();
}

}  // namespace tlbstorm::record
