// SPDX-License-Identifier: Apache-2.0
#include "harness/record/batch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/record/csv.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

BatchRecorder::BatchRecorder(fs::path folder, const BatchKind& kind) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw os::UsageError("--output", folder_.native(), error.message(), "name a folder that you can write");
  manifest_["schema"] = kSchemaVersion;
  manifest_["tool"] = {{"name", "tlbstorm"}, {"version", TLBSTORM_VERSION}};
  manifest_["kind"] = kind.kind;
  manifest_["name"] = kind.name;
  manifest_["about"] = kind.about;
  manifest_["entries"] = ordered_json::array();
  write();
}

fs::path BatchRecorder::begin(const std::string& name, const std::string& value,
                              const std::vector<std::string>& command) {
  manifest_["entries"].push_back(
      {{"name", name}, {"value", value}, {"command", command}, {"state", "running"}, {"reason", ""}});
  write();
  return folder_ / name;
}

void BatchRecorder::end(const std::string& state, const std::string& reason) {
  manifest_["entries"].back()["state"] = state;
  manifest_["entries"].back()["reason"] = reason;
  write();
}

void BatchRecorder::finish() {
  CsvWriter points(folder_ / kPointsFile, kPointsHeader);
  for (const BatchEntry& entry : read_batch(folder_).entries) {
    if (!entry.run) continue;
    for (const Series& series : entry.run->series) {
      const std::vector<double> values = entry.run->values(series.metric);
      if (values.empty()) continue;
      points.field(entry.name).field(series.metric).field(series.unit);
      points.field(static_cast<std::uint64_t>(values.size()));
      points.field(*entry.run->median(series.metric)).field(values.front()).field(values.back()).end_row();
    }
  }
  points.flush();
}

void BatchRecorder::write() const { os::replace_text(folder_ / kBatchFile, manifest_.dump(2) + "\n"); }

bool is_batch(const fs::path& folder) { return fs::exists(folder / kBatchFile); }

Batch read_batch(const fs::path& folder) {
  const fs::path file = folder / kBatchFile;
  const ordered_json manifest = ordered_json::parse(os::read_text(file), nullptr, false);
  if (!manifest.is_object() || !manifest.contains("entries") || !manifest["entries"].is_array())
    throw os::Error(fmt::format("{}: damaged, not a manifest of tlbstorm", file.native()));
  Batch batch{
      folder, {manifest.value("kind", ""), manifest.value("name", ""), manifest.value("about", "")}, {}};
  for (const auto& entry : manifest["entries"]) {
    BatchEntry read{entry.value("name", ""), entry.value("value", ""), entry.value("state", ""),
                    entry.value("reason", ""), std::nullopt};
    if (fs::exists(folder / read.name / kManifestFile)) read.run = read_run(folder / read.name);
    batch.entries.push_back(std::move(read));
  }
  return batch;
}

}  // namespace tlbstorm::record
