// SPDX-License-Identifier: Apache-2.0
#include "harness/record/reference.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/named_path.hpp"
#include "harness/record/batch.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {
namespace {

namespace fs = std::filesystem;

/// Lower case letters, digits and single dashes.
std::string slug(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter))
      out += static_cast<char>(std::tolower(letter));
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string default_name(const RunFolder& run) {
  const trial::Plan& plan = run.manifest.plan;
  std::string name = plan.workload.empty() ? "run" : plan.workload;
  for (const std::string& part : {plan.preset, plan.label})
    if (!part.empty()) name += "-" + part;
  return slug(name + "-" + run.manifest.fact("kernel_release", ""));
}

/// Without what only the samples need, and what was read how often.
std::string compact_lines(const RunManifest& manifest) {
  std::string lines;
  for (TrialRecord trial : manifest.trials) {
    trial.sampling = {};
    lines += trial_line(trial);
  }
  return lines;
}

}  // namespace

std::string machine_id(const RunFolder& run) {
  std::string topology = run.manifest.topology;  // "2 CPUs, 1 socket, 1 NUMA node"
  if (const std::size_t nodes = topology.rfind(','); nodes != std::string::npos) topology.resize(nodes);
  const std::string hypervisor = run.manifest.fact("hypervisor", "");
  return slug(fmt::format("{} {} {}", run.manifest.fact("cpu_model", "unknown"), topology,
                          hypervisor == "none" ? "" : hypervisor));
}

namespace {

void require_folder_name(const std::string& name) {
  if (name == "." || name == ".." || name.find('/') != std::string::npos)
    throw os::UsageError("--name", name, "not a folder's name", "give a name without slashes");
}

void copy_compact(const RunFolder& run, const fs::path& target) {
  const os::Folder made = os::Folder::make(target);
  RunManifest manifest = run.manifest;
  manifest.schema = kSchemaVersion;
  manifest.columns.clear();
  made.replace(kTrialLinesFile, compact_lines(manifest));
  made.replace(kManifestFile, run_text(manifest));
  for (const char* const file : {kTrialsFile, kLatencyFile})
    if (may_be_there(run.path / file)) made.replace(file, os::read_plain_file(run.path / file));
}

/// The runs of a folder that are worth to be kept, and what they are called in it.
std::vector<std::pair<std::string, RunFolder>> kept_runs(const fs::path& folder) {
  std::vector<std::pair<std::string, RunFolder>> runs;
  if (!is_batch(folder)) {
    runs.emplace_back("", read_run(folder));
  } else {
    for (BatchEntry& entry : read_batch(folder).entries)
      if (entry.run) runs.emplace_back(entry.name, std::move(*entry.run));
  }
  std::erase_if(runs, [](const auto& one) { return one.second.manifest.valid_trials() == 0; });
  if (runs.empty())
    throw os::UsageError("RUN", folder.native(),
                         "none of its trials is valid: nothing could be held against it",
                         "tlbstorm report says why");
  return runs;
}

void copy_reference(const fs::path& folder, const std::vector<std::pair<std::string, RunFolder>>& runs,
                    const fs::path& target) {
  if (is_batch(folder)) {
    BatchManifest batch = read_batch_manifest(folder);
    std::erase_if(batch.entries, [&](const BatchRecord& entry) {
      return std::ranges::none_of(runs, [&](const auto& run) { return run.first == entry.name; });
    });
    os::Folder::make(target).replace(kBatchFile, batch_text(batch));
  }
  for (const auto& [name, run] : runs) copy_compact(run, name.empty() ? target : target / name);
}

}  // namespace

fs::path add_reference(const fs::path& run, const fs::path& folder, const std::string& name) {
  require_folder_name(name);
  const auto runs = kept_runs(run);
  const RunFolder& first = runs.front().second;
  const std::string standard =
      is_batch(run) ? slug(read_batch_kind(run).name + "-" + first.manifest.fact("kernel_release", ""))
                    : default_name(first);
  const fs::path target = folder / machine_id(first) / (name.empty() ? standard : name);
  if (os::is_there("--name", target))
    throw os::UsageError("--name", target.native(), "there is something already",
                         "give another name, or: tlbstorm baseline refresh NAME RUN");
  copy_reference(run, runs, target);
  return target;
}

fs::path refresh_reference(const fs::path& reference, const fs::path& run) {
  const auto runs = kept_runs(run);
  if (machine_id(runs.front().second) != reference.parent_path().filename())
    throw os::UsageError("RUN", run.native(), "it is of another kind of machine than the baseline",
                         "tlbstorm baseline add keeps it by itself");
  const auto day = fmt::format("{:%Y%m%d}", fmt::gmtime(std::time(nullptr)));
  fs::path former = reference;
  former += "-until-" + day;
  for (int same_day = 2; may_be_there(former); ++same_day) {
    former = reference;
    former += fmt::format("-until-{}-{}", day, same_day);
  }
  fs::path fresh = reference;
  fresh += ".new";
  try {
    copy_reference(run, runs, fresh);
  } catch (const os::Error&) {
    std::error_code gone;
    fs::remove_all(fresh, gone);
    throw;
  }
  fs::rename(reference, former);
  fs::rename(fresh, reference);
  return former;
}

std::vector<fs::path> list_references(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error))
    if (at->path().filename() == kManifestFile || at->path().filename() == kBatchFile)
      found.push_back(at->path().parent_path());
  // The runs of a batch are no references of their own.
  std::erase_if(found, [](const fs::path& path) { return is_batch(path.parent_path()); });
  std::sort(found.begin(), found.end());
  return found;
}

std::filesystem::path find_reference(std::string_view option, const fs::path& folder,
                                     const std::string& name) {
  if (os::is_there(option, name)) return name;
  std::vector<std::string> names;
  for (const fs::path& path : list_references(folder)) {
    names.push_back(path.filename());
    if (path.filename() == name) return path;
  }
  const std::string near = os::nearest(name, names);
  throw os::UsageError(option, name, "there is neither such a path nor such a baseline",
                       near.empty() ? "name a run folder; tlbstorm baseline list shows the baselines"
                                    : fmt::format("did you mean {}?", near));
}

}  // namespace tlbstorm::record
