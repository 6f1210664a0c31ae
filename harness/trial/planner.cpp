// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/planner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/event_list.hpp"
#include "harness/probe/probe.hpp"
#include "harness/trial/ballast.hpp"
#include "harness/trial/budget.hpp"
#include "harness/trial/placement.hpp"
#include "harness/trial/settings.hpp"
#include "harness/trial/swap_request.hpp"

namespace tlbstorm::trial {
namespace {

using os::UsageError;

const std::array<CommonOption, 25> kCommon{{
    {"trials", "", "how often the whole is repeated, each trial in a process of its own"},
    {"warmup", "", "time before measuring; for rounds: those begun within it are not measured"},
    {"duration", "", "time that each trial is measured; for rounds: a bound on them"},
    {"timeout", "60s", "what a trial may take beyond warmup and duration before it is ended"},
    {"workers", "", "worker threads or processes; default: one for each CPU"},
    {"mode", "threads", "threads (of one mm, sharing translations) or processes"},
    {"placement", "compact", "CPUs of the workers: compact, scatter, socket:N, node:N or cpus:LIST"},
    {"mempolicy", "local", "NUMA policy of the workers' memory: local, interleave or bind:NODES"},
    {"bystanders", "0",
     "threads in the workers' mm on CPUs of their own that measure the time that interrupts take from them"},
    {"gap-threshold", "1us", "time between two clock reads of a bystander that counts as taken from it"},
    {"memory", "",
     "memory limit of the trial's cgroup: 512M, 2G, 25% of the machine's memory, or a share between bounds: "
     "64M..1%..4G"},
    {"swap", "",
     "swap to bring along for the run: zram:SIZE[:ALGORITHM], file:[PATH:]SIZE, device:/dev/X; several with "
     "commas or by a pattern (device:/dev/nvme0n1p*), all at equal priority; or existing: what is active"},
    {"erase-device", "", "a device of --swap on which everything may be destroyed; several with commas"},
    {"ballast", "",
     "memory to lock in a process of its own while the run lasts, so that the machine runs short: 60%, 4G"},
    {"sysctl", "",
     "KEY=VALUE to set for the run and put back after it, such as vm.swappiness=100; several with commas"},
    {"interval", "100ms", "time between samples"},
    {"sample-budget", "30us",
     "what a sample may take on average; dearer probes are read less often, and at phase edges"},
    {"probes", "default", "default, all (those that disturb more, too), or a list such as interrupts,vmstat"},
    {"events", "",
     "perf events as libpfm4 names them, such as cycles,dTLB-load-misses; in braces those to be counted "
     "together; counted for the trial's processes too, whose context switches then take longer"},
    {"expect", "ok", "how trials are to end: ok, oom, enomem or io_error; another end is exit code 1"},
    {"preset", "", "a named set of options of this workload"},
    {"output", "", "run folder, new or empty; default results/<date>-<workload>-<label>"},
    {"label", "", "a word of yours for the folder's name and the manifest"},
    {"seed", "1", "seed of everything random"},
    {"config", "", "file of options, a line each: trials = 5"},
}};

/// Builds the plan step by step from options of rising authority: defaults, preset, the user's word.
class Planner {
 public:
  Planner(const Definition& definition, const Options& given, const machine::Machine& machine)
      : definition_(definition), machine_(machine) {
    for (const CommonOption& option : kCommon) options_[option.name] = option.standard;
    options_["trials"] = std::to_string(definition.trials);
    options_["warmup"] = definition.warmup;
    options_["duration"] = definition.duration;
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
    times();
    workers();
    plan_.parameters.set_whole(machine_.memory, plan_.workers);
    memory();
    ballast();
    probes();
    names();
    expectation();
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
      plan_.preset = wanted;
      for (const auto& [name, value] : preset.options) set(name, value);
      return;
    }
    throw UsageError("--preset", wanted, "no such preset of " + definition_.name,
                     names.empty() ? "it has none" : fmt::format("it has: {}", fmt::join(names, ", ")));
  }

  void times() {
    plan_.trials = static_cast<int>(os::parse_whole("--trials", options_["trials"], 1, 10000));
    plan_.warmup = os::parse_duration("--warmup", options_["warmup"]);
    if (const std::string& text = options_["duration"]; !text.empty()) {
      plan_.duration = os::parse_duration("--duration", text);
      if (*plan_.duration <= os::Nanoseconds{0})
        throw UsageError("--duration", text, "nothing would be measured", "give a time such as 3s");
    }
    plan_.timeout = os::parse_duration("--timeout", options_["timeout"]);
    if (plan_.timeout <= os::Nanoseconds{0})
      throw UsageError("--timeout", options_["timeout"], "no trial would ever end in time",
                       "give a time such as 60s");
    plan_.interval = os::parse_duration("--interval", options_["interval"]);
    if (plan_.interval < std::chrono::milliseconds{1})
      throw UsageError("--interval", options_["interval"], "less than 1 ms would disturb what it measures",
                       "give 1ms or more");
    plan_.sample_budget = os::parse_duration("--sample-budget", options_["sample-budget"]);
  }

  void workers() {
    const std::string& mode = options_["mode"];
    if (mode != "threads" && mode != "processes")
      throw UsageError("--mode", mode, "not a mode", "give threads or processes");
    plan_.mode = mode == "threads" ? Mode::threads : Mode::processes;
    const std::string& text = options_["workers"];
    const std::size_t cpus = machine_.topology.cpus.size();
    plan_.placement = options_["placement"];
    plan_.bystanders = static_cast<int>(os::parse_whole("--bystanders", options_["bystanders"], 0, 4096));
    plan_.workers =
        static_cast<int>(text.empty() ? default_workers(cpus) : os::parse_whole("--workers", text, 1, 4096));
    plan_.cpus = place(machine_.topology, plan_.placement, plan_.workers + plan_.bystanders);
    bystanders();
    std::vector<int> distinct = plan_.cpus;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() < plan_.cpus.size())
      plan_.notes.push_back(fmt::format("{} workers share {} CPUs: those that wait get no IPIs",
                                        plan_.workers, distinct.size()));
    plan_.mempolicy = MemPolicy(options_["mempolicy"], machine_.topology);
  }

  /// The CPUs that come after the workers' are the bystanders', if they are nobody else's.
  void bystanders() {
    plan_.gap_threshold = os::parse_duration("--gap-threshold", options_["gap-threshold"]);
    if (plan_.gap_threshold <= os::Nanoseconds{0})
      throw UsageError("--gap-threshold", options_["gap-threshold"], "every moment would be a gap",
                       "give a time such as 1us");
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
    if (plan_.bystanders > 0 && plan_.mode == Mode::processes)
      plan_.notes.push_back("workers are processes: bystanders share no memory with them, as a control");
  }

  /// As many as the placement has CPUs, but for those of the bystanders.
  std::size_t default_workers(std::size_t cpus) const {
    std::vector<int> placed = place(machine_.topology, plan_.placement, static_cast<int>(cpus));
    std::sort(placed.begin(), placed.end());
    const auto distinct = std::unique(placed.begin(), placed.end()) - placed.begin();
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, distinct - plan_.bystanders));
  }

  void ballast() {
    if (const std::string& text = options_["ballast"]; !text.empty())
      plan_.ballast = check_ballast(os::parse_size("--ballast", text, machine_.memory), text, machine_);
  }

  void expectation() {
    const std::string& text = options_["expect"];
    const auto outcome = outcome_named(text);
    const bool possible = outcome == Outcome::ok || outcome == Outcome::oom || outcome == Outcome::enomem ||
                          outcome == Outcome::io_error;
    if (!possible)
      throw UsageError("--expect", text, "not an end to expect", "give ok, oom, enomem or io_error");
    plan_.expect = *outcome;
  }

  void memory() {
    if (const std::string& text = options_["memory"]; !text.empty()) {
      plan_.memory = os::parse_size("--memory", text, machine_.memory);
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
  }

  void events() const {
    probe::check_events(plan_.events);
    if (std::find(plan_.probes.begin(), plan_.probes.end(), "perf") == plan_.probes.end())
      throw UsageError("--events", plan_.events, "--probes leaves out perf, which counts them",
                       "add perf to --probes");
  }

  void names() {
    if (plan_.events = options_["events"]; !plan_.events.empty()) events();
    plan_.label = options_["label"];
    const bool plain = std::all_of(plan_.label.begin(), plan_.label.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
    if (!plain || plan_.label.starts_with(".") || plan_.label.size() > 100)
      throw UsageError("--label", plan_.label, "not a plain word",
                       "use letters, digits, '-', '_' and '.', 100 at most");
    plan_.output = options_["output"];
    plan_.seed = os::parse_whole("--seed", options_["seed"], 0, ~std::uint64_t{0});
  }

  const Definition& definition_;
  const machine::Machine& machine_;
  Options options_;
  Plan plan_;
};

}  // namespace

std::span<const CommonOption> common_options() { return kCommon; }

Plan make_plan(const Definition& definition, const Options& given, const machine::Machine& machine) {
  return Planner(definition, given, machine).make();
}

}  // namespace tlbstorm::trial
