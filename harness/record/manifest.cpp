// SPDX-License-Identifier: Apache-2.0
// The parts of run.json, and where run folders go.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/privileges.hpp"
#include "harness/record/recorder.hpp"

namespace tlbstorm::record {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::string_view name(Check::Verdict verdict) {
  static constexpr std::array<std::string_view, 3> kNames{"ok", "invalid", "unknown"};
  return kNames[static_cast<std::size_t>(verdict)];
}

ordered_json to_json(const trial::Plan& plan, const trial::Definition& definition) {
  ordered_json json;
  json["workload"] = plan.workload;
  json["summary"] = definition.summary;
  json["operation"] = definition.operation;
  json["pacing"] = definition.pacing == trial::Pacing::timed ? "timed" : "rounds";
  if (!plan.preset.empty()) json["preset"] = plan.preset;
  json["parameters"] = plan.parameters.values();
  json["sizes"] = ordered_json::array();
  for (const trial::Option& parameter : definition.parameters)
    if (parameter.is_size()) json["sizes"].push_back(parameter.name);
  json["figures"] = ordered_json::array();
  for (const trial::Figure& figure : definition.figures)
    json["figures"].push_back({{"name", figure.name},
                               {"unit", figure.unit},
                               {"better", trial::name(figure.better)},
                               {"meaning", figure.meaning}});
  json["trials"] = plan.trials;
  json["warmup_seconds"] = os::to_seconds(plan.warmup);
  json["duration_seconds"] = plan.duration ? ordered_json(os::to_seconds(*plan.duration)) : ordered_json();
  json["timeout_seconds"] = os::to_seconds(plan.timeout);
  json["workers"] = plan.workers;
  json["mode"] = plan.mode == trial::Mode::threads ? "threads" : "processes";
  json["placement"] = plan.placement;
  json["cpus"] = plan.cpus;
  json["bystanders"] = plan.bystanders;
  json["bystander_cpus"] = plan.bystander_cpus;
  json["gap_threshold_ns"] = plan.gap_threshold.count();
  json["mempolicy"] = plan.mempolicy.text();
  json["memory_limit_bytes"] = plan.memory ? ordered_json(plan.memory->count) : ordered_json();
  json["ballast_bytes"] = plan.ballast ? ordered_json(plan.ballast->count) : ordered_json();
  json["swap"] = ordered_json::array();
  for (const trial::SwapRequest& swap : plan.swap) json["swap"].push_back(swap.text);
  json["settings"] = ordered_json::object();
  for (const auto& [path, value] : plan.settings) json["settings"][path.native()] = value;
  json["interval_seconds"] = os::to_seconds(plan.interval);
  json["sample_budget_us"] = static_cast<double>(plan.sample_budget.count()) / 1000;
  json["probes"] = plan.probes;
  if (!plan.events.empty()) json["events"] = plan.events;
  json["expect"] = trial::name(plan.expect);
  json["seed"] = plan.seed;
  json["label"] = plan.label;
  json["output"] = plan.output;
  json["capabilities"] = os::capability_names(plan.capabilities);
  json["notes"] = plan.notes;
  return json;
}

fs::path default_folder(const std::string& workload, const std::string& label) {
  const std::time_t now = std::time(nullptr);
  std::string base = fmt::format("results/{:%Y-%m-%d-%H%M%S}-{}", fmt::localtime(now), workload);
  if (!label.empty()) base += "-" + label;
  fs::path folder = base;
  for (int n = 2; fs::exists(folder); ++n) folder = fmt::format("{}-{}", base, n);
  return folder;
}

namespace {

/// An error about a folder as one about --output.
template <typename Do>
auto naming_output(const fs::path& folder, Do something) {
  try {
    return something();
  } catch (const os::UsageError&) {
    throw;
  } catch (const os::SystemError& error) {
    throw os::UsageError("--output", folder.native(), os::errno_text(error.code()),
                         error.hint().empty() ? "name a folder of your own" : error.hint());
  } catch (const os::Error& error) {
    throw os::UsageError(fmt::format("--output {}", error.what()), error.hint());
  }
}

}  // namespace

os::Folder make_folder(const fs::path& path) {
  return naming_output(path, [&] {
    os::Folder folder = os::Folder::make(path);
    if (!folder.is_empty())
      throw os::UsageError("--output", path.native(), "there is something in it",
                           "name a new or an empty folder; runs are never overwritten");
    return folder;
  });
}

void check_folder(const fs::path& folder) {
  const fs::path existing = os::nearest_folder("--output", folder);
  if (::access(existing.c_str(), W_OK | X_OK) != 0)
    throw os::UsageError("--output", folder.native(), "can't write in " + existing.native(),
                         "name a folder that you can write, with --output");
  naming_output(folder, [&] { os::Folder::check(folder); });
  if (existing != fs::absolute(folder)) return;
  std::error_code error;
  const bool empty = fs::is_empty(folder, error);
  if (error) throw os::UsageError("--output", folder.native(), error.message(), "name a folder of yours");
  if (!empty)
    throw os::UsageError("--output", folder.native(), "there is something in it",
                         "name a new or an empty folder; runs are never overwritten");
}

}  // namespace tlbstorm::record
