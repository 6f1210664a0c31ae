// SPDX-License-Identifier: Apache-2.0
#include "harness/record/batch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/printable.hpp"
#include "harness/record/csv_writer.hpp"
#include "harness/record/excerpt.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {

namespace fs = std::filesystem;

BatchRecorder::BatchRecorder(const fs::path& folder, const BatchKind& kind)
    : folder_(make_folder(folder)), manifest_{kSchemaVersion, {"tlbstorm", TLBSTORM_VERSION, {}},
                                              kind.kind,      kind.name,
                                              kind.about,     {}} {
  write();
}

fs::path BatchRecorder::begin(BatchRecord run) {
  run.state = "running";
  manifest_.entries.push_back(std::move(run));
  write();
  return folder_ / manifest_.entries.back().name;
}

void BatchRecorder::end(const std::string& state, const std::string& reason) {
  manifest_.entries.back().state = state;
  manifest_.entries.back().reason = reason;
  write();
}

void BatchRecorder::finish() {
  folder_.remove(kPointsFile);  // of a pair before
  CsvWriter points(folder_, kPointsFile, kPointsHeader);
  for (const BatchEntry& entry : read_batch(folder()).entries) {
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

void BatchRecorder::write() const { folder_.replace(kBatchFile, batch_text(manifest_)); }

bool is_folder_name(std::string_view name) {
  constexpr std::size_t kLongest = 255;  // NAME_MAX
  return !name.empty() && name.size() <= kLongest && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && os::printable_line(name) == name;
}

bool is_batch(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / kBatchFile, error);
}

namespace {

BatchKind kind_of(const BatchManifest& manifest) { return {manifest.kind, manifest.name, manifest.about}; }

/// Whether it is a folder below the batch's, and no path that leads out of it.
bool lies_below(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    if (!is_folder_name(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

BatchKind read_batch_kind(const fs::path& folder) { return kind_of(read_batch_manifest(folder)); }

Batch read_batch(const fs::path& folder) {
  const BatchManifest manifest = read_batch_manifest(folder);
  Batch batch{folder, kind_of(manifest), {}};
  for (const BatchRecord& entry : manifest.entries) {
    BatchEntry read{entry.name, entry.point, entry.value, entry.state, entry.reason, std::nullopt};
    if (!lies_below(read.name))
      throw os::Error(fmt::format("{}: damaged, '{}' is no folder in it", (folder / kBatchFile).native(),
                                  excerpt(read.name)));
    if (has_text(folder / read.name / kManifestFile)) read.run = read_run(folder / read.name);
    batch.entries.push_back(std::move(read));
  }
  return batch;
}

}  // namespace tlbstorm::record
