// SPDX-License-Identifier: Apache-2.0
#include "harness/record/recorder.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <ctime>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/record/json_file.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

double to_us(os::Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

ordered_json to_json(const trial::SamplingFacts& sampling) {
  ordered_json json;
  json["samples"] = sampling.samples;
  json["late"] = sampling.late;
  json["dropped"] = sampling.dropped;
  json["mean_us"] = sampling.samples ? to_us(sampling.total) / static_cast<double>(sampling.samples) : 0.0;
  json["longest_us"] = to_us(sampling.longest);
  for (const trial::ProbeReading& reading : sampling.readings)
    json["probes"][reading.name] = {
        {"read_us", to_us(reading.cost)}, {"every_samples", reading.every}, {"dear", reading.dear}};
  return json;
}

ordered_json to_json(std::span<const probe::Column> columns) {
  ordered_json json = ordered_json::array();
  for (const probe::Column& column : columns)
    json.push_back({{"name", column.name},
                    {"unit", column.unit},
                    {"kind", column.kind == probe::Kind::counter ? "counter" : "gauge"}});
  return json;
}

}  // namespace

Recorder::Recorder(const fs::path& folder, const trial::Plan& plan, const trial::Definition& definition,
                   const machine::Machine& machine, const std::vector<std::string>& command,
                   const std::string& lock)
    : folder_(make_folder(folder)) {
  manifest_["schema"] = kSchemaVersion;
  manifest_["tool"] = {{"name", "tlbstorm"}, {"version", TLBSTORM_VERSION}, {"command", command}};
  manifest_["lock"] = lock;
  manifest_["state"] = "running";
  manifest_["started"] = utc_now();
  manifest_["plan"] = record::to_json(plan, definition);
  for (const machine::Fact& fact : machine.facts) manifest_["machine"][fact.key] = fact.value;
  manifest_["flush"] = {{"text", machine.flush.text},
                        {"hypervisor", machine.flush.hypervisor},
                        {"paravirt_offered", machine.flush.paravirt_flush_offered}};
  manifest_["topology"] = machine.topology.summary();
  manifest_["memory_bytes"] = machine.memory.count;
  manifest_["columns"] = ordered_json::array();
  manifest_["absent_probes"] = ordered_json::array();
  manifest_["trials"] = ordered_json::array();
  claim();
  try {
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

void Recorder::begin_trial(int trial, std::span<const probe::Column> columns) {
  if (!samples_.is_open()) {  // the columns are those of the run
    std::string header = kSamplesFirstColumns;
    for (const probe::Column& column : columns) header += "," + column.name;
    samples_ = CsvWriter(folder_, kSamplesFile, header);
    manifest_["columns"] = to_json(columns);
  }
  manifest_["trials"].push_back({{"trial", trial}, {"outcome", "running"}});
  write_manifest();
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
  ordered_json& entry = manifest_["trials"].back();
  entry["outcome"] = trial::name(result.outcome);
  if (!result.reason.empty()) entry["reason"] = result.reason;
  if (result.wrong_pages > 0)
    entry["wrong_pages"] = {{"count", result.wrong_pages}, {"first", result.wrong_page_texts}};
  entry["notes"] = result.notes;
  if (result.latency) entry["timing_overhead_ns"] = result.timing_overhead.count();
  entry["sampling"] = to_json(result.sampling);
  manifest_["absent_probes"] = ordered_json::array();
  for (const trial::AbsentProbe& absent : result.sampling.absent)
    manifest_["absent_probes"].push_back({{"probe", absent.name},
                                          {"reason", absent.why.reason},
                                          {"remedy", absent.why.remedy},
                                          {"idle", absent.why.idle}});
  write_manifest();
}

void Recorder::judge(int trial, const Judgement& judgement) {
  for (const Figure& figure : judgement.figures)
    trials_.field(trial).field(figure.metric).field(figure.unit).field(figure.value).end_row();
  trials_.flush();
  for (const RoundFigure& round : judgement.rounds) {
    rounds_.field(trial).field(round.round).field(round.figure.metric).field(round.figure.unit);
    rounds_.field(round.figure.value).end_row();
  }
  rounds_.flush();
  ordered_json& entry = manifest_["trials"].back();
  entry["valid"] = judgement.valid();
  entry["reclaim_source"] = judgement.reclaim_source;
  for (const auto& [phase, ipis] : judgement.ipis_by_phase) entry["tlb_ipis_by_phase"][phase] = ipis;
  for (const Check& check : judgement.checks)
    entry["checks"].push_back(
        {{"check", check.name}, {"verdict", name(check.verdict)}, {"detail", check.detail}});
  entry["absent"] = ordered_json::array();
  for (const Absence& absence : judgement.absent)
    entry["absent"].push_back({{"metric", absence.metric}, {"reason", absence.reason}});
  write_manifest();
}

void Recorder::write_oom_reports(const trial::TrialResult& result) const {
  if (result.oom_reports.empty()) return;
  std::string text;
  for (const os::OomReport& report : result.oom_reports)
    for (const std::string& line : report.lines) text += line + "\n";
  folder_.replace(fmt::format("oom-trial{}.txt", result.trial), text);
}

void Recorder::finish(const std::string& state, const std::vector<os::Trouble>& troubles,
                      const std::string& reason) {
  flush();
  for (const os::Trouble& trouble : troubles) manifest_["not_undone"].push_back(trouble.what);
  manifest_["state"] = state;
  if (!reason.empty()) manifest_["reason"] = reason;
  manifest_["ended"] = utc_now();
  write_manifest();
}

void Recorder::write_manifest() const { folder_.replace(kManifestFile, json_text(manifest_)); }

}  // namespace tlbstorm::record
