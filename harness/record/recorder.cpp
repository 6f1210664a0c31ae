// SPDX-License-Identifier: Apache-2.0
#include "harness/record/recorder.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/journal_file.hpp"
#include "harness/os/privileges.hpp"
#include "harness/os/process.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {

namespace fs = std::filesystem;

namespace {

/// To the millisecond: the order of runs tells whether both sides were measured in turn.
std::string utc_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::time_t{ms / 1000}), ms % 1000);
}

double to_us(os::Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

SamplingRecord record_of(const trial::SamplingFacts& sampling) {
  SamplingRecord record{sampling.samples, sampling.late, sampling.dropped, 0, to_us(sampling.longest), {}};
  if (sampling.samples > 0) record.mean_us = to_us(sampling.total) / static_cast<double>(sampling.samples);
  for (const trial::ProbeReading& reading : sampling.readings)
    record.probes[reading.name] = {to_us(reading.cost), reading.every, reading.expensive};
  return record;
}

std::vector<ColumnRecord> record_of(std::span<const probe::Column> columns) {
  std::vector<ColumnRecord> all;
  for (const probe::Column& column : columns)
    all.push_back({column.name, column.unit, column.kind == probe::Kind::counter ? "counter" : "gauge"});
  return all;
}

Writer this_process() { return {os::boot_id(), ::getpid(), os::start_ticks(::getpid()).value_or(0)}; }

/// Runs of one process are made close together.
std::string occasion_of(const Writer& writer) { return fmt::format("{}:{}", writer.boot_id, writer.started); }

}  // namespace

Recorder::Recorder(const fs::path& folder, const trial::Plan& plan, const trial::Definition& definition,
                   const machine::Machine& machine, const std::vector<std::string>& command,
                   const std::string& lock)
    : folder_(make_folder(folder)) {
  manifest_.schema = kSchemaVersion;
  manifest_.tool = {"tlbstorm", TLBSTORM_VERSION, command};
  manifest_.lock = lock;
  manifest_.writer = this_process();
  manifest_.occasion = occasion_of(manifest_.writer);
  manifest_.started = utc_now();
  manifest_.plan = plan;
  manifest_.workload = workload_record(definition);
  manifest_.workload.capabilities = os::capability_names(plan.capabilities);
  for (const machine::Fact& fact : machine.facts) manifest_.machine.emplace_back(fact.key, fact.value);
  manifest_.flush = {machine.flush.text, machine.flush.hypervisor, machine.flush.paravirt_flush_offered};
  manifest_.topology = machine.topology.summary();
  manifest_.memory = machine.memory;
  claim();
  try {
    trial_lines_ = folder_.create(kTrialLinesFile);
    trials_ = CsvWriter(folder_, kTrialsFile, kTrialsHeader);
    tables_.create(folder_);
    if (definition.pacing == trial::Pacing::rounds) rounds_ = CsvWriter(folder_, kRoundsFile, kRoundsHeader);
    write_manifest();
  } catch (...) {  // no run has begun
    folder_.remove(kManifestFile);
    throw;
  }
}

/// Two runs may have found the folder empty at the same moment.
void Recorder::claim() const {
  try {
    folder_.create(kManifestFile);
  } catch (const os::SystemError& error) {
    if (error.code() != EEXIST) throw;
    throw os::UsageError("--output", folder_.path().native(), "another run has just begun in it",
                         "name a new or an empty folder");
  }
}

void Recorder::begin_trial(int trial, trial::TrialKind kind, std::span<const probe::Column> columns) {
  if (!samples_.is_open()) {  // the columns are those of the run
    std::string header = kSamplesFirstColumns;
    for (const probe::Column& column : columns) header += "," + column.name;
    samples_ = CsvWriter(folder_, kSamplesFile, header);
    manifest_.columns = record_of(columns);
    write_manifest();
  }
  trial_ = {};
  trial_.trial = trial;
  trial_.kind = kind;
  write_trial();
}

void Recorder::sample(const trial::Sample& sample) {
  samples_.field(sample.trial).field(trial::name(sample.stage.phase));
  samples_.field(static_cast<std::uint64_t>(sample.stage.round)).field(os::to_seconds(sample.at));
  for (const double value : sample.values) samples_.field(value);
  samples_.end_row();
}

void Recorder::end_trial(const trial::TrialResult& result) {
  samples_.flush();
  tables_.add(result);
  write_oom_reports(result);
  trial_.outcome = result.outcome;
  trial_.reason = result.reason;
  trial_.wrong_pages = {result.wrong_pages, result.wrong_page_texts};
  trial_.notes = result.notes;
  if (result.latency) trial_.timing_overhead_ns = result.timing_overhead.count();
  trial_.sampling = record_of(result.sampling);
  for (const trial::ProbeReading& reading : result.sampling.readings) trial_.probes.push_back(reading.name);
  trial_.instrument = instrument_of(trial_.probes);
  ++manifest_.outcomes[std::string(trial::name(result.outcome))];
  manifest_.absent_probes.clear();
  for (const trial::AbsentProbe& absent : result.sampling.absent)
    manifest_.absent_probes.push_back({absent.name, absent.why.reason, absent.why.remedy, absent.why.idle});
  if (manifest_.absent_probes.size() != absent_written_.size()) write_manifest();
}

void Recorder::judge(int trial, const Judgement& judgement) {
  trial_.valid = judgement.valid();
  trial_.reclaim_source = judgement.reclaim_source;
  trial_.tlb_ipis_by_phase = judgement.ipis_by_phase;
  trial_.checks = judgement.checks;
  trial_.absent = judgement.absent;
  write_trial();  // first: each row of a table is of a trial that is known
  for (const MetricValue& figure : judgement.figures)
    trials_.field(trial).field(figure.metric).field(figure.unit).field(figure.value).end_row();
  trials_.flush();
  for (const RoundValue& round : judgement.rounds) {
    rounds_.field(trial).field(round.round).field(round.figure.metric).field(round.figure.unit);
    rounds_.field(round.figure.value).end_row();
  }
  rounds_.flush();
}

void Recorder::write_oom_reports(const trial::TrialResult& result) const {
  if (result.oom_reports.empty()) return;
  std::string text;
  for (const os::OomReport& report : result.oom_reports)
    for (const std::string& line : report.lines) text += line + "\n";
  folder_.replace(fmt::format("oom-trial{}.txt", result.trial), text);
}

void Recorder::finish(RunState state, const std::vector<os::Trouble>& troubles, const std::string& reason) {
  flush();
  for (const os::Trouble& trouble : troubles) manifest_.not_undone.push_back(trouble.what);
  manifest_.state = state;
  manifest_.reason = reason;
  manifest_.ended = utc_now();
  write_manifest();
}

void Recorder::write_manifest() {
  folder_.replace(kManifestFile, run_text(manifest_));
  absent_written_ = manifest_.absent_probes;
}

void Recorder::write_trial() const {
  os::write_all(trial_lines_, trial_line(trial_), folder_ / kTrialLinesFile);
}

}  // namespace tlbstorm::record
