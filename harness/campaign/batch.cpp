// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/batch.hpp"

#include <fmt/format.h>

#include "harness/campaign/execute.hpp"
#include "harness/os/error.hpp"
#include "harness/os/exit_code.hpp"
#include "harness/os/process.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::campaign {

namespace {

/// kOk, or kSignal + n.
int prepare(const BatchRun& run, Follower& follower) {
  if (run.prepare.empty()) return os::kOk;
  const os::CommandEnd end = os::run_shell(run.prepare);
  if (end.signal) {
    restore_leftovers(follower);  // the command may have been a run of ours
    return os::kSignal + *end.signal;
  }
  if (!end.status.clean())
    throw os::Error(fmt::format("the command before the run {} failed: {} ({})", run.name, run.prepare,
                                end.status.text()),
                    "try it in a shell; it is run before each run of its side, without a terminal");
  return os::kOk;
}

}  // namespace

int run_one(const BatchRun& run, record::BatchRecorder& recorder, const MachineLock& lock,
            Follower& follower) {
  if (const int code = prepare(run, follower); code != os::kOk) return code;
  trial::Options options = run.options;
  const std::filesystem::path output = options["output"] =
      recorder.begin({run.name, run.point, run.value, run.command, "", ""});
  follower.run_of_batch(run.name, run.definition->name);
  int code = os::kFailed;
  try {
    // Looked at again for each run: the one before may have used up what was free.
    const machine::Machine machine = machine::inspect();
    const trial::Plan plan = trial::make_plan(*run.definition, options, machine);
    code = execute(plan, *run.definition, machine, run.command, lock, follower);
    recorder.end(code == os::kOk ? "finished" : code >= os::kSignal ? "interrupted" : "failed", "");
  } catch (const os::UsageError& error) {
    recorder.end("refused", error.what());
    code = os::kUsage;
  } catch (const std::exception& error) {
    recorder.end("failed", error.what());
  }
  // The next run would measure the machine as this one has left it.
  if (!record::all_undone(output) && !restore_leftovers(follower))
    throw os::Error(fmt::format("what the run {} changed is still there, so no other is made", run.name),
                    "see above; then: tlbstorm restore");
  return code;
}

namespace {

int valid_trials(const std::filesystem::path& run) {
  return record::may_be_there(run / record::kManifestFile) ? record::read_run(run).manifest.valid_trials()
                                                           : 0;
}

}  // namespace

int run_batch(const record::BatchKind& kind, const std::vector<BatchRun>& runs,
              const std::filesystem::path& parent, const LockOptions& lock_options, Follower& follower) {
  const MachineLock lock(lock_options, follower);
  restore_leftovers(follower);
  record::BatchRecorder recorder(parent, kind);
  int finished = 0, failed = 0, signal = 0, valid = 0;
  for (const BatchRun& run : runs) {
    const int code = run_one(run, recorder, lock, follower);
    if (code >= os::kSignal) {
      signal = code;
      break;
    }
    if (code != os::kUsage) valid += valid_trials(recorder.folder() / run.name);
    if (code == os::kOk) ++finished;
    if (code == os::kFailed) ++failed;
  }
  recorder.finish();
  if (signal != 0) return signal;
  return failed == 0 && finished > 0 && valid > 0 ? os::kOk : os::kFailed;
}

}  // namespace tlbstorm::campaign
