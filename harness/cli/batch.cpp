// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/batch.hpp"

#include <fmt/format.h>

#include <iostream>

#include "harness/cli/console.hpp"
#include "harness/cli/execute.hpp"
#include "harness/cli/leftovers.hpp"
#include "harness/os/error.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/report/batch_table.hpp"

namespace tlbstorm::cli {

int run_one(const BatchRun& run, record::BatchRecorder& recorder, const MachineLock& lock, bool quiet) {
  trial::Options options = run.options;
  const std::filesystem::path output = options["output"] = recorder.begin(run.name, run.value, run.command);
  if (!quiet) show("{}: {}\n", run.name, run.definition->name);
  int code = kFailed;
  try {
    // Looked at again for each run: the one before may have used up what was free.
    const machine::Machine machine = machine::inspect();
    const trial::Plan plan = trial::make_plan(*run.definition, options, machine);
    code = execute(plan, *run.definition, machine, run.command, lock, quiet);
    recorder.end(code == kOk ? "finished" : code >= kSignal ? "interrupted" : "failed", "");
  } catch (const os::UsageError& error) {
    recorder.end("refused", error.what());
    code = kUsage;
  } catch (const std::exception& error) {
    recorder.end("failed", error.what());
  }
  // The next run would measure the machine as this one has left it.
  if (!record::all_undone(output) && !restore_leftovers())
    throw os::Error(fmt::format("what the run {} changed is still there, so no other is made", run.name),
                    "see above; then: tlbstorm restore");
  return code;
}

int run_batch(const record::BatchKind& kind, const std::vector<BatchRun>& runs,
              const std::filesystem::path& parent, const LockOptions& lock_options, bool quiet) {
  const MachineLock lock(lock_options);
  restore_leftovers();
  record::BatchRecorder recorder(parent, kind);
  int finished = 0, failed = 0, signal = 0;
  for (const BatchRun& run : runs) {
    const int code = run_one(run, recorder, lock, quiet);
    if (code >= kSignal) {
      signal = code;
      break;
    }
    if (code == kOk) ++finished;
    if (code == kFailed) ++failed;
  }
  recorder.finish();
  std::cout << report::tabulate(record::read_batch(recorder.folder())) << std::flush;
  if (signal != 0) return signal;
  return failed == 0 && finished > 0 ? kOk : kFailed;
}

}  // namespace tlbstorm::cli
