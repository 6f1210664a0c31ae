// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/environment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>

#include "harness/os/error.hpp"
#include "harness/record/benchmark_json.hpp"
#include "harness/trial/options.hpp"

namespace tlbstorm::compare {
namespace {

/// Facts by name, in the order in which they are told.
class Facts {
 public:
  void add(const std::string& what, const std::string& value) {
    const auto [entry, fresh] = values_.try_emplace(what);
    if (fresh) order_.push_back(what);
    entry->second.insert(value);
  }
  std::string value(const std::string& what) const {
    const auto found = values_.find(what);
    return found == values_.end() ? "not recorded" : fmt::format("{}", fmt::join(found->second, " | "));
  }
  const std::vector<std::string>& order() const { return order_; }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::set<std::string>> values_;
};

/// Facts of the machine that others beside them already tell, or that change from boot to boot.
constexpr std::array<std::string_view, 3> kUntoldOfMachine{"cpus_online", "flush_method", "swaps"};

std::string or_unknown(const std::string& text) { return text.empty() ? "not recorded" : text; }
std::string or_none(const std::string& text) { return text.empty() ? "none" : text; }

/// The counters that are on disturb what they count, so they are told, but as one fact.
bool is_instrument(const trial::Option& option) { return option.name == "probes" || option.name == "events"; }

/// An option that the run of a benchmark, or of another version, has nothing of is not told.
void add_plan(const record::RunManifest& manifest, Facts& facts) {
  const trial::Plan& plan = manifest.plan;
  facts.add("workload", plan.workload);
  if (plan.workload == record::kBenchmark) return;
  for (const trial::Option& option : trial::run_options())
    if (option.likeness != trial::Likeness::untold && option.name != "sysctl" && !is_instrument(option))
      facts.add(option.name, or_none(trial::shown(option, plan)));
  for (const auto& [file, value] : plan.settings) facts.add(trial::name_of(file), value);
  for (const auto& [name, value] : plan.parameters.values()) facts.add("parameters." + name, value);
  facts.add("capabilities", or_none(fmt::format("{}", fmt::join(manifest.workload.capabilities, ","))));
}

/// The command line without the words that say which kernel was booted, and by whom: its release tells the
/// one, and scripts/ab-reboot numbers its boots.
std::string settings_of(const std::string& cmdline) {
  std::istringstream words(cmdline);
  std::vector<std::string> kept;
  for (std::string word; words >> word;)
    if (!word.starts_with("BOOT_IMAGE=") && !word.starts_with("tlbstorm.ab=")) kept.push_back(word);
  return fmt::format("{}", fmt::join(kept, " "));
}

void add_machine(const record::RunManifest& manifest, Facts& facts) {
  for (const auto& [key, value] : manifest.machine)
    if (std::find(kUntoldOfMachine.begin(), kUntoldOfMachine.end(), key) == kUntoldOfMachine.end())
      facts.add(key, key == "cmdline" ? settings_of(value) : value);
  facts.add("topology", or_unknown(manifest.topology));
  facts.add("flushes", or_unknown(manifest.flush.text));
  facts.add("tool_version", or_unknown(manifest.tool.version));
}

Facts facts_of(const Side& side) {
  Facts facts;
  for (const record::RunFolder& run : side.runs()) {
    add_plan(run.manifest, facts);
    add_machine(run.manifest, facts);
  }
  return facts;
}

std::string probes_of(const Side& side) {
  const trial::Plan& plan = side.manifest().plan;
  return fmt::format("{}{}{}", fmt::join(plan.probes, ","), plan.events.empty() ? "" : ": ", plan.events);
}

/// By the workload's rows; one that this tool does not know may be anything.
bool is_other_work(const Side& side, const std::string& parameter) {
  for (const trial::Definition& definition : trial::workloads())
    if (definition.name == side.manifest().plan.workload)
      for (const trial::Option& option : definition.parameters)
        if (option.name == parameter) return option.likeness == trial::Likeness::other_work;
  return parameter != "folder";
}

/// Other work, or another machine.
bool forbids(const Side& side, const std::string& what) {
  static constexpr std::array<std::string_view, 5> kSameMachine{"workload", "cpu_model", "architecture",
                                                                "topology", "hypervisor"};
  if (std::find(kSameMachine.begin(), kSameMachine.end(), what) != kSameMachine.end()) return true;
  constexpr std::string_view kParameters = "parameters.";
  for (const trial::Option& option : trial::run_options())
    if (option.name == what) return option.likeness == trial::Likeness::other_work;
  return what.starts_with(kParameters) && is_other_work(side, what.substr(kParameters.size()));
}

}  // namespace

std::vector<Difference> differences(const Side& base, const Side& next) {
  const Facts before = facts_of(base), after = facts_of(next);
  std::vector<std::string> order = before.order();
  for (const std::string& what : after.order())
    if (std::find(order.begin(), order.end(), what) == order.end()) order.push_back(what);
  std::vector<Difference> found;
  for (const std::string& what : order)
    if (before.value(what) != after.value(what))
      found.push_back({what, before.value(what), after.value(what), forbids(base, what)});
  if (probes_of(base) != probes_of(next))
    found.push_back({"probes", probes_of(base), probes_of(next), false});
  std::stable_partition(found.begin(), found.end(), [](const Difference& one) { return one.forbids; });
  return found;
}

void refuse_unlike(const std::vector<Difference>& differences) {
  std::vector<std::string> unlike;
  for (const Difference& one : differences)
    if (one.forbids) unlike.push_back(fmt::format("{} ({} / {})", one.what, one.base, one.next));
  if (!unlike.empty())
    throw os::UsageError(
        fmt::format("these runs are not of the same work on the same machine: {}", fmt::join(unlike, ", ")),
        "--force compares them all the same");
}

}  // namespace tlbstorm::compare
