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

namespace tlbstorm::compare {
namespace {

using nlohmann::ordered_json;

std::string text_of(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "none" : value.dump();
}

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
    return found == values_.end() ? "not told" : fmt::format("{}", fmt::join(found->second, " | "));
  }
  const std::vector<std::string>& order() const { return order_; }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::set<std::string>> values_;
};

/// What a plan says that is no part of what is measured, or follows from the rest.
constexpr std::array<std::string_view, 17> kUntold{
    "summary",        "operation", "pacing",          "sizes", "label",   "output", "notes",
    "figures",        "cpus",      "trials",          "seed",  "timeout", "probes", "events",
    "bystander_cpus", "expect",    "interval_seconds"};

/// Facts of the machine that others beside them already tell, or that change from boot to boot.
constexpr std::array<std::string_view, 3> kUntoldOfMachine{"cpus_online", "flush_method", "swaps"};

void add_plan(const ordered_json& plan, Facts& facts) {
  for (const auto& [key, value] : plan.items()) {
    if (std::find(kUntold.begin(), kUntold.end(), key) != kUntold.end()) continue;
    if (key == "timeout_seconds" || key == "sample_budget_us") continue;
    if (value.is_object())
      for (const auto& [name, inner] : value.items()) facts.add(key + "." + name, text_of(inner));
    else
      facts.add(key, text_of(value));
  }
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

void add_machine(const ordered_json& manifest, Facts& facts) {
  const ordered_json machine = manifest.value("machine", ordered_json::object());
  for (const auto& [key, value] : machine.items())
    if (std::find(kUntoldOfMachine.begin(), kUntoldOfMachine.end(), key) == kUntoldOfMachine.end())
      facts.add(key, key == "cmdline" ? settings_of(text_of(value)) : text_of(value));
  facts.add("topology", manifest.value("topology", "not told"));
  facts.add("flushes", manifest.value("flush", ordered_json::object()).value("text", "not told"));
  facts.add("tool_version", manifest.value("tool", ordered_json::object()).value("version", "not told"));
}

Facts facts_of(const Side& side) {
  Facts facts;
  for (const record::RunFolder& run : side.runs()) {
    add_plan(run.manifest["plan"], facts);
    add_machine(run.manifest, facts);
  }
  return facts;
}

/// The counters that are on disturb what they count, so probes are told, but as one fact.
std::string probes_of(const Side& side) {
  const ordered_json& plan = side.manifest()["plan"];
  return text_of(plan.value("probes", ordered_json::array())) + plan.value("events", "");
}

bool forbids(const std::string& what) {
  static constexpr std::array<std::string_view, 15> kSameWork{
      "workload",         "preset",     "workers",         "mode",         "placement", "bystanders",
      "gap_threshold_ns", "mempolicy",  "cpu_model",       "architecture", "topology",  "memory_limit_bytes",
      "ballast_bytes",    "hypervisor", "duration_seconds"};
  if (what == "parameters.folder") return false;  // where files were put, not what was done
  return what.starts_with("parameters.") ||
         std::find(kSameWork.begin(), kSameWork.end(), what) != kSameWork.end();
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
      found.push_back({what, before.value(what), after.value(what), forbids(what)});
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
