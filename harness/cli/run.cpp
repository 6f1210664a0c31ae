// SPDX-License-Identifier: Apache-2.0
// tlbstorm run: options -> plan -> trials -> run folder -> summary.
#include <fmt/format.h>

#include <iostream>

#include "harness/cli/batch.hpp"
#include "harness/cli/execute.hpp"
#include "harness/cli/leftovers.hpp"
#include "harness/cli/run_options.hpp"
#include "harness/record/json_file.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/report/summary.hpp"

namespace tlbstorm::cli {
namespace {

void print_help() {
  std::cout
      << "Runs a workload under memory reclaim and measures its TLB shootdowns.\n"
         "Usage: tlbstorm run WORKLOAD [OPTIONS]      (tlbstorm run WORKLOAD --help shows the options)\n\n"
         "Workloads:\n";
  for (const trial::Definition& definition : trial::workloads())
    std::cout << fmt::format("  {:<14}{}\n", definition.name, definition.summary);
}

trial::Plan plan_of(const RunOptions& run, const trial::Definition& definition,
                    const machine::Machine& machine) {
  trial::Plan plan = trial::make_plan(definition, run.options, machine);
  if (plan.output.empty()) plan.output = record::default_folder(plan.workload, plan.label);
  record::check_folder(plan.output);
  return plan;
}

int run_once(const Arguments& command, const RunOptions& run, const trial::Definition& definition) {
  // What can't be is refused before anything is waited for; but whom we are told to wait for may be in the
  // way.
  if (run.dry_run || !run.lock.wait) {
    const trial::Plan plan = plan_of(run, definition, machine::inspect());
    if (run.dry_run) {
      std::cout << record::json_text(record::to_json(plan, definition));
      return kOk;
    }
  }
  const MachineLock lock(run.lock);
  restore_leftovers();
  // Not as the run before, or one that was killed, had it.
  const machine::Machine machine = machine::inspect();
  const trial::Plan plan = plan_of(run, definition, machine);
  const int code = execute(plan, definition, machine, command, lock, run.quiet);
  std::cout << report::summarise(record::read_run(plan.output)) << std::flush;
  return code;
}

}  // namespace

int run(const Arguments& given) {
  return guarded([&] {
    Arguments arguments = given;
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
      print_help();
      return arguments.empty() ? kUsage : kOk;
    }
    const trial::Definition& definition = trial::find_workload(take_workload(arguments));
    const RunOptions options = parse_run_options(definition, {arguments});
    Arguments command{"tlbstorm", "run"};
    command.insert(command.end(), given.begin(), given.end());
    return options.sweep.empty() ? run_once(command, options, definition) : sweep(options, definition);
  });
}

}  // namespace tlbstorm::cli
