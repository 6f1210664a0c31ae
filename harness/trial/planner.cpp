// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/planner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/event_list.hpp"
#include "harness/probe/probe.hpp"
#include "harness/trial/ballast.hpp"
#include "harness/trial/budget.hpp"
#include "harness/trial/options.hpp"
#include "harness/trial/placement.hpp"
#include "harness/trial/settings.hpp"
#include "harness/trial/swap_request.hpp"

namespace tlbstorm::trial {
namespace {

using os::UsageError;

/// Builds the plan step by step from options of rising authority: defaults, preset, the user's word.
class Planner {
 public:
  Planner(const Definition& definition, const Options& given, const machine::Machine& machine)
      : definition_(definition), machine_(machine) {
    for (const Option& option : run_options())
      if (!option.of_command || option.field.index() != 0)
        options_[option.name] = standard_of(definition, option);
    plan_.workload = definition.name;
    plan_.workers_spin = definition.workers_spin;
    plan_.reclaims = definition.reclaims;
    plan_.swaps = definition.swaps;
    plan_.capabilities = definition.capabilities;
    plan_.parameters = Parameters(definition.parameters);
    plan_.parameters.set_whole(machine.memory, 1);
    if (const auto preset = given.find("preset"); preset != given.end()) apply_preset(preset->second);
    for (const auto& [name, value] : given) set(name, value);
  }

  Plan make() {
    for (const Option& option : run_options())
      if (options_.contains(option.name)) fill(plan_, option, options_[option.name], machine_);
    workers();
    plan_.parameters.set_whole(machine_.memory, plan_.workers);
    memory();
    ballast();
    probes();
    events();
    if (definition_.resolve) definition_.resolve(plan_, machine_);
    check_budget(plan_, options_, machine_);
    return plan_;
  }

 private:
  void set(const std::string& name, const std::string& value) {
    if (options_.contains(name))
      options_[name] = value;
    else
      plan_.parameters.set(name, value, true);
  }

  void apply_preset(const std::string& wanted) {
    std::vector<std::string> names;
    for (const Preset& preset : definition_.presets) {
      names.push_back(preset.name);
      if (preset.name != wanted) continue;
      for (const auto& [name, value] : preset.options) set(name, value);
      return;
    }
    throw UsageError("--preset", wanted, "no such preset of " + definition_.name,
                     names.empty() ? "it has none" : fmt::format("it has: {}", fmt::join(names, ", ")));
  }

  void workers() {
    if (plan_.workers == 0) plan_.workers = default_workers();
    plan_.cpus = place(machine_.topology, plan_.placement, plan_.workers + plan_.bystanders);
    bystanders();
    std::vector<int> distinct = plan_.cpus;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() < plan_.cpus.size())
      plan_.notes.push_back(fmt::format("{} workers share {} CPUs: those that wait get no IPIs",
                                        plan_.workers, distinct.size()));
    plan_.policy = MemPolicy(plan_.mempolicy, machine_.topology);
  }

  /// The CPUs that come after the workers' are the bystanders', if they are nobody else's.
  void bystanders() {
    plan_.bystander_cpus.assign(plan_.cpus.begin() + plan_.workers, plan_.cpus.end());
    plan_.cpus.resize(static_cast<std::size_t>(plan_.workers));
    std::vector<int> taken = plan_.cpus;
    for (const int cpu : plan_.bystander_cpus) {
      if (std::find(taken.begin(), taken.end(), cpu) != taken.end())
        throw UsageError("--bystanders", options_["bystanders"],
                         fmt::format("no CPU of their own is left beside {} workers", plan_.workers),
                         "give fewer --workers, or another --placement");
      taken.push_back(cpu);
    }
    plan_.watching_cpus = cpus_beside(machine_.topology, taken);
    if (plan_.bystanders > 0 && plan_.mode == Mode::processes)
      plan_.notes.push_back("workers are processes: bystanders share no memory with them, as a control");
  }

  /// As many as the placement has CPUs, but for those of the bystanders.
  int default_workers() const {
    const auto cpus = static_cast<int>(machine_.topology.cpus.size());
    std::vector<int> placed = place(machine_.topology, plan_.placement, cpus);
    std::sort(placed.begin(), placed.end());
    const auto distinct = std::unique(placed.begin(), placed.end()) - placed.begin();
    return static_cast<int>(std::max<std::ptrdiff_t>(1, distinct - plan_.bystanders));
  }

  void ballast() {
    if (plan_.ballast) plan_.ballast = check_ballast(*plan_.ballast, options_["ballast"], machine_);
  }

  void memory() {
    if (plan_.memory) {
      const std::string& text = options_["memory"];
      if (*plan_.memory > machine_.memory)
        throw UsageError("--memory", text, "more than the machine's " + os::format_size(machine_.memory),
                         "give a smaller limit");
      if (*plan_.memory < os::operator""_MiB(4))
        throw UsageError("--memory", text, "no process can live in that", "give 4M or more");
      if (machine_.cgroup.parent.empty())
        throw UsageError("--memory", text, machine_.cgroup.reason, machine_.cgroup.remedy);
    }
    plan_.swap = request_swaps(options_["swap"], options_["erase-device"], machine_);
    if (const std::string& text = options_["sysctl"]; !text.empty()) plan_.settings = parse_sysctls(text);
  }

  void probes() {
    std::vector<std::string> all, standard;
    for (const probe::Source& source : probe::sources()) {
      all.push_back(source.name);
      if (!source.on_request) standard.push_back(source.name);
    }
    const std::string& text = options_["probes"];
    plan_.probes = text == "default" ? standard : text == "all" ? all : os::split_list("--probes", text);
    for (const std::string& name : plan_.probes)
      if (std::find(all.begin(), all.end(), name) == all.end())
        throw UsageError("--probes", name, "no such probe",
                         fmt::format("the probes are: {}", fmt::join(all, ", ")));
    for (const std::string& name : definition_.disturbed_by)
      if (std::find(plan_.probes.begin(), plan_.probes.end(), name) != plan_.probes.end())
        plan_.disturbing_probes.push_back(name);
  }

  void events() const {
    if (plan_.events.empty()) return;
    probe::check_events(plan_.events);
    if (std::find(plan_.probes.begin(), plan_.probes.end(), "perf") == plan_.probes.end())
      throw UsageError("--events", plan_.events, "--probes leaves out perf, which counts them",
                       "add perf to --probes");
  }

  const Definition& definition_;
  const machine::Machine& machine_;
  Options options_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const Definition& definition, const Options& given, const machine::Machine& machine) {
  return Planner(definition, given, machine).make();
}

Plan explaining_plan(const Plan& plan) {
  Plan half = plan;
  half.warmup = time_of(TrialKind::explaining, plan.warmup);
  if (plan.duration) half.duration = time_of(TrialKind::explaining, *plan.duration);
  constexpr const char* kRounds = "rounds";
  if (half.parameters.has(kRounds)) {
    const std::int64_t rounds = half.parameters.integer(kRounds);
    half.parameters.set(kRounds, std::to_string(std::max<std::int64_t>(1, rounds / 2)), false);
  }
  return half;
}

}  // namespace tlbstorm::trial
