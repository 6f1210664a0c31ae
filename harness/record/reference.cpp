// SPDX-License-Identifier: Apache-2.0
#include "harness/record/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/named_path.hpp"
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

fs::path add_reference(const fs::path& run, const fs::path& folder, const std::string& name) {
  if (name == "." || name == ".." || name.find('/') != std::string::npos)
    throw os::UsageError("--name", name, "not a folder's name", "give a name without slashes");
  const RunFolder read = read_run(run);
  if (read.manifest.valid_trials() == 0)
    throw os::UsageError("RUN", run.native(), "none of its trials is valid: nothing could be held against it",
                         "tlbstorm report says why");
  const fs::path target = folder / machine_id(read) / (name.empty() ? default_name(read) : name);
  if (os::is_there("--name", target))
    throw os::UsageError("--name", target.native(), "there is something already",
                         "give another name; baselines are never overwritten");
  const os::Folder made = os::Folder::make(target);
  RunManifest manifest = read.manifest;
  manifest.schema = kSchemaVersion;
  manifest.columns.clear();
  made.replace(kTrialLinesFile, compact_lines(manifest));
  made.replace(kManifestFile, run_text(manifest));
  for (const char* const file : {kTrialsFile, kLatencyFile})
    if (may_be_there(run / file)) made.replace(file, os::read_plain_file(run / file));
  return target;
}

std::vector<fs::path> list_references(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error))
    if (at->path().filename() == kManifestFile) found.push_back(at->path().parent_path());
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
