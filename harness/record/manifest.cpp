// SPDX-License-Identifier: Apache-2.0
#include "harness/record/manifest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "harness/os/named_path.hpp"
#include "harness/os/privileges.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/json_file.hpp"
#include "harness/record/manifest_fields.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// The metrics that runs of schemas before 3 were about, frozen.
std::string primary_before(std::string_view workload) {
  static const std::map<std::string_view, std::string> kPrimary{
      {"compressed-cache", "gain"},           {"dirty-reclaim", "ipis_per_page"},
      {"file-cache", "ipis_per_page"},        {"mprotect-storm", "ipis_per_operation"},
      {"pageout", "ipis_per_page"},           {"swap-churn", "ipis_per_page"},
      {"unmap-churn", "ipis_per_page_taken"}, {"usemem", "ipis_per_page"}};
  const auto found = kPrimary.find(workload);
  return found == kPrimary.end() ? "" : found->second;
}

/// First of all: what is newer may have another shape.
int schema_of(const ordered_json& manifest, const fs::path& file) {
  if (!manifest.is_object())
    throw os::Error(fmt::format("{}: damaged, not a manifest of tlbstorm", file.native()));
  const auto schema = manifest.find("schema");
  if (schema == manifest.end() || !schema->is_number_integer()) return 0;
  if (*schema > kSchemaVersion)
    throw os::Error(fmt::format("{}: schema {} is newer than this tool's {}", file.native(),
                                excerpt(schema->dump()), kSchemaVersion),
                    "read it with the version of tlbstorm that made it, or a later one");
  return *schema < 0 ? 0 : schema->get<int>();
}

template <typename T>
T read_object(const ordered_json& json, const std::string& file, int schema) {
  T value;
  JsonReader reader(json, file, schema);
  Fields<T>::of(reader, value);
  return value;
}

template <typename T>
ordered_json written(const T& value) {
  ordered_json json = ordered_json::object();
  JsonWriter writer(json, kSchemaVersion);
  Fields<T>::of(writer, const_cast<T&>(value));
  return json;
}

void read_trial_lines(const fs::path& file, RunManifest& run, std::vector<std::string>& remarks) {
  if (!has_text(file)) return;
  std::unordered_map<int, std::size_t> places;
  for (std::size_t i = 0; i < run.trials.size(); ++i) places.emplace(run.trials[i].trial, i);
  const std::string text = os::read_plain_file(file);
  std::size_t line = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    ++line;
    if (end == std::string_view::npos) {
      remarks.push_back(fmt::format("{}: the last row was cut off and is left out", file.native()));
      return;
    }
    const std::string place = fmt::format("{}:{}", file.native(), line);
    const ordered_json json = parse_json(rest.substr(0, end), file, {}, line);
    if (!json.is_object()) throw os::Error(fmt::format("{}: damaged, not a trial", place));
    TrialRecord trial = read_object<TrialRecord>(json, place, run.schema);
    const auto [known, first] = places.emplace(trial.trial, run.trials.size());
    // The later line of a trial counts: the first only says that it began.
    if (first)
      run.trials.push_back(std::move(trial));
    else
      run.trials[known->second] = std::move(trial);
    rest.remove_prefix(end + 1);
  }
}

void check_trials(const RunManifest& run, const fs::path& file) {
  std::set<int> seen;
  for (const TrialRecord& trial : run.trials)
    if (!seen.insert(trial.trial).second)
      throw os::Error(fmt::format("{}: damaged, trial {} is there twice", file.native(), trial.trial));
}

ordered_json plan_json(const trial::Plan& plan, const trial::Definition& definition) {
  trial::Plan copy = plan;
  WorkloadRecord workload = workload_record(definition);
  workload.capabilities = os::capability_names(plan.capabilities);
  return written(PlanObject{copy, workload});
}

}  // namespace

std::string RunManifest::fact(std::string_view name, std::string otherwise) const {
  for (const auto& [known, value] : machine)
    if (known == name) return value;
  return otherwise;
}

const TrialRecord* RunManifest::find(int trial) const {
  // The n-th is mostly number n.
  if (const auto usual = static_cast<std::size_t>(trial) - 1;
      usual < trials.size() && trials[usual].trial == trial)
    return &trials[usual];
  const auto found =
      std::find_if(trials.begin(), trials.end(), [&](const TrialRecord& one) { return one.trial == trial; });
  return found == trials.end() ? nullptr : &*found;
}

bool RunManifest::valid(int trial) const {
  const TrialRecord* const found = find(trial);
  return found != nullptr && found->valid;
}

int RunManifest::measuring_trials() const {
  return static_cast<int>(std::count_if(trials.begin(), trials.end(), [](const TrialRecord& trial) {
    return trial.kind == trial::TrialKind::measuring;
  }));
}

int RunManifest::valid_trials() const {
  return static_cast<int>(std::count_if(trials.begin(), trials.end(), [](const TrialRecord& trial) {
    return trial.valid && trial.kind == trial::TrialKind::measuring;
  }));
}

std::string instrument_of(const std::vector<std::string>& probes) {
  std::vector<std::string_view> disturbing;
  for (const std::string_view name : {"irqcost", "perf", "tlbflush"})
    if (std::find(probes.begin(), probes.end(), name) != probes.end()) disturbing.push_back(name);
  return fmt::format("{}", fmt::join(disturbing, ", "));
}

const char* RunManifest::trials_are_in() const {
  return schema < kFindingsSchema ? kManifestFile : kTrialLinesFile;
}

RunManifest read_run_manifest(const fs::path& folder, std::vector<std::string>& remarks) {
  const fs::path file = folder / kManifestFile;
  const ordered_json json = read_json(file);
  RunManifest run = read_object<RunManifest>(json, file.native(), schema_of(json, file));
  if (run.workload.primary.empty()) run.workload.primary = primary_before(run.plan.workload);
  check_trials(run, file);
  read_trial_lines(folder / kTrialLinesFile, run, remarks);
  for (TrialRecord& trial : run.trials) {
    if (trial.probes.empty())  // of an earlier schema
      for (const auto& [probe, reading] : trial.sampling.probes) trial.probes.push_back(probe);
    if (trial.instrument.empty()) trial.instrument = instrument_of(trial.probes);
  }
  return run;
}

BatchManifest read_batch_manifest(const fs::path& folder) {
  const fs::path file = folder / kBatchFile;
  const ordered_json json = read_json(file);
  return read_object<BatchManifest>(json, file.native(), schema_of(json, file));
}

std::string run_text(const RunManifest& manifest) { return json_text(written(manifest)); }
std::string batch_text(const BatchManifest& manifest) { return json_text(written(manifest)); }

std::string trial_line(const TrialRecord& trial) {
  return written(trial).dump(-1, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

std::string plan_text(const trial::Plan& plan, const trial::Definition& definition) {
  return json_text(plan_json(plan, definition));
}

std::string plan_texts(std::span<const trial::Plan> plans, const trial::Definition& definition) {
  ordered_json all = ordered_json::array();
  for (const trial::Plan& plan : plans) all.push_back(plan_json(plan, definition));
  return json_text(all);
}

WorkloadRecord workload_record(const trial::Definition& definition) {
  return {definition.summary,
          definition.operation,
          definition.pacing == trial::Pacing::timed ? "timed" : "rounds",
          definition.primary,
          definition.figures,
          {}};
}

}  // namespace tlbstorm::record
