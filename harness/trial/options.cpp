// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/os/clock.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {
namespace {

using Type = Option::Type;

const std::vector<Option>& rows() {
  static const std::vector<Option> kRows{
      {.name = "trials",
       .type = Type::whole,
       .help = "how often the whole is repeated, each trial in a process of its own",
       .range = {1, 10000},
       .likeness = Likeness::untold,
       .field = &Plan::trials},
      {.name = "retry-invalid",
       .type = Type::whole,
       .standard = "0",
       .help = "so many trials more in place of those that other load disturbed; the summary counts them",
       .range = {0, 10000},
       .likeness = Likeness::untold,
       .field = &Plan::retry_invalid},
      {.name = "warmup",
       .type = Type::duration,
       .help = "time before measuring; for rounds: those begun within it are not measured",
       .key = "warmup_seconds",
       .likeness = Likeness::told,
       .field = &Plan::warmup},
      {.name = "duration",
       .type = Type::duration,
       .help = "time that each trial is measured; for rounds: a bound on them",
       .range = {1, kAny, "nothing would be measured", "give a time such as 3s"},
       .key = "duration_seconds",
       .field = &Plan::duration},
      {.name = "timeout",
       .type = Type::duration,
       .standard = "60s",
       .help = "what a trial may take beyond warmup and duration before it is ended",
       .range = {1, kAny, "no trial would ever end in time", "give a time such as 60s"},
       .key = "timeout_seconds",
       .likeness = Likeness::untold,
       .field = &Plan::timeout},
      {.name = "workers",
       .type = Type::whole,
       .help = "worker threads or processes; default: one for each CPU",
       .range = {1, 4096},
       .field = &Plan::workers},
      {.name = "mode",
       .type = Type::choice,
       .standard = "threads",
       .help = "what the workers are",
       .choices = {{"threads", "of one mm, sharing translations"},
                   {"processes", "each with an mm of its own"}},
       .field = &Plan::mode},
      {.name = "placement",
       .standard = "compact",
       .help = "CPUs of the workers: compact, scatter, socket:N, node:N or cpus:LIST",
       .field = &Plan::placement},
      {.name = "mempolicy",
       .standard = "local",
       .help = "NUMA policy of the workers' memory: local, interleave or bind:NODES",
       .field = &Plan::mempolicy},
      {.name = "bystanders",
       .type = Type::whole,
       .standard = "0",
       .help = "threads in the workers' mm on CPUs of their own that measure the time that interrupts take "
               "from them",
       .range = {0, 4096},
       .field = &Plan::bystanders},
      {.name = "gap-threshold",
       .type = Type::duration,
       .standard = "1us",
       .help = "time between two clock reads of a bystander that counts as taken from it",
       .range = {1, kAny, "every moment would be a gap", "give a time such as 1us"},
       .key = "gap_threshold_ns",
       .field = &Plan::gap_threshold},
      {.name = "memory",
       .type = Type::size,
       .help = "memory limit of the trial's cgroup: 512M, 2G, 25% of the machine's memory, or a share "
               "between bounds: "
               "64M..1%..4G",
       .key = "memory_limit_bytes",
       .field = &Plan::memory},
      {.name = "swap",
       .type = Type::list,
       .help = "swap to bring along for the run: zram:SIZE[:ALGORITHM], file:[PATH:]SIZE, device:/dev/X; "
               "several with "
               "commas or by a pattern (device:/dev/nvme0n1p*), all at equal priority; or existing: what is "
               "active",
       .likeness = Likeness::told,
       .fits = false,
       .field = &Plan::swap},
      {.name = "erase-device",
       .type = Type::list,
       .help = "a device of --swap on which everything may be destroyed; several with commas",
       .likeness = Likeness::untold},
      {.name = "ballast",
       .type = Type::size,
       .help = "memory to lock in a process of its own while the run lasts, so that the machine runs short: "
               "60%, 4G",
       .key = "ballast_bytes",
       .field = &Plan::ballast},
      {.name = "sysctl",
       .type = Type::list,
       .help = "KEY=VALUE to set for the run and put back after it, such as vm.swappiness=100; several with "
               "commas",
       .key = "settings",
       .likeness = Likeness::told,
       .fits = false,
       .field = &Plan::settings},
      {.name = "interval",
       .type = Type::duration,
       .standard = "100ms",
       .help = "time between samples",
       .range = {1e6, kAny, "less than 1 ms would disturb what it measures", "give 1ms or more"},
       .key = "interval_seconds",
       .likeness = Likeness::untold,
       .field = &Plan::interval},
      {.name = "sample-budget",
       .type = Type::share,
       .standard = "0.5%",
       .help =
           "what sampling may take of a CPU; probes that are expensive to read are sampled less often, the "
           "interrupts last of all",
       .range = {0, 100},
       .key = "sample_budget",
       .likeness = Likeness::untold,
       .field = &Plan::sample_budget},
      {.name = "probes",
       .type = Type::list,
       .standard = "default",
       .help = "default, all (those that disturb more, too), or a list such as interrupts,vmstat",
       .likeness = Likeness::told,
       .fits = false,
       .field = &Plan::probes},
      {.name = "explain",
       .type = Type::choice,
       .standard = "auto",
       .help =
           "which trials count what would disturb the workload: see its probes in `tlbstorm list workloads`",
       .choices = {{"auto", "one more trial, half as long, behind those that measure"},
                   {"none", "no trial: what explains the figures is absent"},
                   {"all", "all trials: each has everything, disturbed as it is"}},
       .likeness = Likeness::untold,
       .field = &Plan::explain},
      {.name = "events",
       .help = "perf events as libpfm4 names them, such as cycles,dTLB-load-misses; in braces those to be "
               "counted "
               "together; counted for the trial's processes too, whose context switches then take longer",
       .likeness = Likeness::told,
       .fits = false,
       .field = &Plan::events},
      {.name = "expect",
       .type = Type::choice,
       .standard = "ok",
       .help = "how trials are to end; another end is exit code 1",
       .choices = {{"ok", "by itself"},
                   {"oom", "the kernel kills a worker for memory"},
                   {"enomem", "the kernel refuses memory"},
                   {"io_error", "a page can't be read back"}},
       .likeness = Likeness::untold,
       .field = &Plan::expect},
      {.name = "preset",
       .help = "a named set of options of this workload",
       .fits = false,
       .field = &Plan::preset},
      {.name = "output",
       .type = Type::path,
       .help = "run folder, new or empty; default results/<date>-<workload>-<label>",
       .likeness = Likeness::untold,
       .of_command = true,
       .field = &Plan::output},
      {.name = "label",
       .type = Type::word,
       .help = "a word of yours for the folder's name and the manifest",
       .likeness = Likeness::untold,
       .field = &Plan::label},
      {.name = "seed",
       .type = Type::whole,
       .standard = "1",
       .help = "seed of everything random",
       .range = {0, kAny},
       .likeness = Likeness::untold,
       .field = &Plan::seed},
      {.name = "config",
       .type = Type::path,
       .help = "file of options, one per line: trials = 5",
       .likeness = Likeness::untold},
      {.name = "sweep",
       .help = "one run for each value of an option, and a table: workers=1..8, workers=1..N, "
               "pages-per-call=1,8,64",
       .likeness = Likeness::untold,
       .of_command = true},
      {.name = "repeat",
       .type = Type::whole,
       .standard = "1",
       .help = "so many independent runs, each with new processes, files and swap: what a verdict needs",
       .range = {1, 999},
       .likeness = Likeness::untold,
       .of_command = true},
      {.name = "dry-run",
       .type = Type::flag,
       .help = "print the whole plan and touch nothing",
       .likeness = Likeness::untold,
       .of_command = true},
      {.name = "quiet",
       .type = Type::flag,
       .help = "no progress; the summary only",
       .likeness = Likeness::untold,
       .of_command = true},
      {.name = "wait",
       .type = Type::duration,
       .help = "if another run measures this machine, wait for it: as long as it takes, or --wait=10m",
       .likeness = Likeness::untold,
       .of_command = true},
      {.name = "ignore-lock",
       .type = Type::flag,
       .help = "measure beside another run; no verdict on such figures is sure",
       .likeness = Likeness::untold,
       .of_command = true},
  };
  return kRows;
}

}  // namespace

std::span<const Option> run_options() { return rows(); }

const Option& run_option(std::string_view name) {
  return *std::find_if(rows().begin(), rows().end(),
                       [&](const Option& option) { return option.name == name; });
}

std::vector<const Option*> options_of(const Definition& definition) {
  std::vector<const Option*> all;
  for (const Option& option : definition.parameters) all.push_back(&option);
  for (const Option& option : rows()) all.push_back(&option);
  return all;
}

const Option* find_option(const Definition& definition, std::string_view name) {
  const std::vector<const Option*> all = options_of(definition);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Option* option) { return option->name == name; });
  return found == all.end() ? nullptr : *found;
}

std::string standard_of(const Definition& definition, const Option& option) {
  if (option.name == "trials") return std::to_string(definition.trials);
  if (option.name == "warmup") return definition.warmup;
  if (option.name == "duration") return definition.duration;
  return option.standard;
}

namespace {

/// What a text is to each kind of field.
struct Fill {
  Plan& plan;
  const Option& option;
  const std::string& text;
  const machine::Machine& machine;

  void operator()(std::monostate) const {}
  void operator()(int Plan::*field) const { plan.*field = static_cast<int>(option.whole(text)); }
  void operator()(std::uint64_t Plan::*field) const { plan.*field = option.whole(text); }
  void operator()(double Plan::*field) const { plan.*field = option.number(text); }
  void operator()(os::Nanoseconds Plan::*field) const { plan.*field = option.duration(text); }
  void operator()(std::optional<os::Nanoseconds> Plan::*field) const { plan.*field = option.duration(text); }
  void operator()(std::optional<os::Bytes> Plan::*field) const {
    plan.*field = os::parse_size(option.dashed(), text, machine.memory);
  }
  void operator()(std::string Plan::*field) const {
    option.check(text, machine.memory);
    plan.*field = text;
  }
  void operator()(Mode Plan::*field) const { plan.*field = static_cast<Mode>(option.choice(text)); }
  void operator()(Explain Plan::*field) const { plan.*field = static_cast<Explain>(option.choice(text)); }
  void operator()(Outcome Plan::*field) const {
    plan.*field = *outcome_named(option.choices[option.choice(text)].value);
  }
  template <typename Entry>
  void operator()(std::vector<Entry> Plan::* /*field*/) const {}
};

/// A value as text: for people, or exactly.
struct Text {
  const Plan& plan;
  bool exact;

  std::string of(os::Nanoseconds time) const {
    return exact ? fmt::format("{}s", os::to_seconds(time)) : os::format_duration(time);
  }
  std::string of(os::Bytes size) const {
    return exact ? fmt::format("{}B", size.count) : os::format_size(size);
  }

  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(int Plan::*field) const { return std::to_string(plan.*field); }
  std::string operator()(std::uint64_t Plan::*field) const { return std::to_string(plan.*field); }
  std::string operator()(double Plan::*field) const { return fmt::format("{}%", 100 * plan.*field); }
  std::string operator()(os::Nanoseconds Plan::*field) const { return of(plan.*field); }
  template <typename Value>
  std::string operator()(std::optional<Value> Plan::*field) const {
    return plan.*field ? of(*(plan.*field)) : "";
  }
  std::string operator()(std::string Plan::*field) const { return plan.*field; }
  std::string operator()(Mode Plan::*field) const { return std::string(name(plan.*field)); }
  std::string operator()(Explain Plan::*field) const { return std::string(name(plan.*field)); }
  std::string operator()(Outcome Plan::*field) const { return std::string(name(plan.*field)); }
  std::string operator()(std::vector<std::string> Plan::*field) const {
    return fmt::format("{}", fmt::join(plan.*field, ","));
  }
  std::string operator()(std::vector<SwapRequest> Plan::*field) const {
    std::vector<std::string> areas;
    for (const SwapRequest& request : plan.*field) areas.push_back(request.text);
    return fmt::format("{}", fmt::join(areas, ","));
  }
  std::string operator()(std::vector<Setting> Plan::*field) const {
    std::vector<std::string> all;
    for (const auto& [file, value] : plan.*field) all.push_back(fmt::format("{}={}", name_of(file), value));
    return fmt::format("{}", fmt::join(all, ","));
  }
};

}  // namespace

void fill(Plan& plan, const Option& option, const std::string& text, const machine::Machine& machine) {
  if (text.empty() && option.standard.empty()) return;
  std::visit(Fill{plan, option, text, machine}, option.field);
}

std::string shown(const Option& option, const Plan& plan) {
  return std::visit(Text{plan, false}, option.field);
}
std::string exact(const Option& option, const Plan& plan) {
  return std::visit(Text{plan, true}, option.field);
}

}  // namespace tlbstorm::trial
