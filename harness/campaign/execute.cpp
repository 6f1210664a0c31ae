// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/execute.hpp"

#include <algorithm>
#include <exception>
#include <optional>

#include "harness/judge/judge.hpp"
#include "harness/machine/checkup.hpp"
#include "harness/os/exit_code.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"
#include "harness/os/setting.hpp"
#include "harness/record/recorder.hpp"
#include "harness/trial/runner.hpp"
#include "harness/trial/settings.hpp"
#include "harness/trial/swap_area.hpp"

namespace tlbstorm::campaign {
namespace {

/// Passes everything on to the recorder, the judge and who follows.
class Audience final : public trial::Observer {
 public:
  Audience(record::Recorder& recorder, judge::Judge& judge, trial::Observer& follower)
      : recorder_(recorder), judge_(judge), follower_(follower) {}
  void begin_trial(int trial, trial::TrialKind kind, std::span<const probe::Column> columns) override {
    recorder_.begin_trial(trial, kind, columns);
    judge_.begin_trial(trial, kind, columns);
    follower_.begin_trial(trial, kind, columns);
  }
  void sample(const trial::Sample& sample) override {
    recorder_.sample(sample);
    judge_.sample(sample);
    follower_.sample(sample);
  }
  void handed_over() override { recorder_.flush(); }
  void end_trial(const trial::TrialResult& result) override {
    recorder_.end_trial(result);
    const record::Judgement judgement = judge_.judge(result);
    recorder_.judge(result.trial, judgement);
    last_valid_ = judgement.valid();
    follower_.end_trial(result);
  }
  /// Of the trial that ended last.
  bool last_valid() const { return last_valid_; }

 private:
  bool last_valid_ = false;
  record::Recorder& recorder_;
  judge::Judge& judge_;
  trial::Observer& follower_;
};

/// The changes that hold for the whole run: swap areas and settings.
void prepare_machine(const trial::Plan& plan, os::Journal& journal) {
  for (const trial::Setting& setting : plan.settings)  // first, as the kernel may refuse a value
    trial::set_for_the_run(journal, setting);
  for (const trial::SwapRequest& request : plan.swap) trial::bring_swap(journal, request);
}

/// The exit code, and how the run ended, for the manifest.
struct Ended {
  int code = os::kOk;
  record::RunState state = record::RunState::finished;
};

Ended run_trials(const trial::Plan& plan, const trial::Definition& definition,
                 const machine::Machine& machine, os::Journal& journal, os::SignalFd& signals,
                 Audience& audience, const os::Folder& folder) {
  std::optional<trial::Ballast> ballast;
  if (plan.ballast) ballast.emplace(*plan.ballast, signals);
  trial::Runner runner(plan, definition, machine, journal, signals, audience, &folder,
                       ballast ? &*ballast : nullptr);
  bool as_expected = true;
  int trial = 0, retries = 0;
  const auto run = [&](trial::TrialKind kind) {
    const bool ended_well = runner.run(++trial, kind).outcome == plan.expect;
    as_expected &= ended_well;
    // One that ended otherwise than expected was not disturbed: it says so of the machine.
    return !ended_well || audience.last_valid();
  };
  for (int wanted = plan.trials; trial < wanted && !runner.signal();)
    if (!run(trial::TrialKind::measuring) && retries < plan.retry_invalid) {
      ++retries;
      ++wanted;
    }
  for (int left = trial::explaining_trials(plan); left > 0 && !runner.signal(); --left)
    run(trial::TrialKind::explaining);
  if (runner.signal()) return {os::kSignal + *runner.signal(), record::RunState::interrupted};
  return {as_expected ? os::kOk : os::kFailed};
}

/// For the record only: what went wrong is what is told, even where the folder can't be written any more.
void note_failure(record::Recorder& recorder, const std::vector<os::Trouble>& troubles, const char* reason) {
  try {
    recorder.finish(record::RunState::failed, troubles, reason);
  } catch (const os::Error&) {
  }
}

}  // namespace

int execute(const trial::Plan& plan, const trial::Definition& definition, const machine::Machine& machine,
            const trial::Words& command, const MachineLock& lock, Follower& follower) {
  trial::Plan noted = plan;
  if (const std::string note = lock.note(); !note.empty()) noted.notes.push_back(note);
  for (std::string& warning : machine::warnings_for_a_run(machine::take_snapshot(machine)))
    noted.notes.push_back(std::move(warning));
  judge::Judge judge(plan, definition, machine);
  os::SignalFd signals{SIGINT, SIGTERM, SIGHUP};
  os::Journal journal;
  std::optional<record::Recorder> recorder;
  Ended ended;
  try {
    prepare_machine(plan, journal);  // what the kernel refuses leaves no folder
    recorder.emplace(plan.output, noted, definition, machine, command, lock.text());
    Audience audience(*recorder, judge, follower.run_begins(plan));
    ended = run_trials(plan, definition, machine, journal, signals, audience, recorder->folder());
  } catch (const std::exception& error) {
    const std::vector<os::Trouble> troubles = journal.undo_all();
    follower.not_undone(troubles);
    if (recorder) note_failure(*recorder, troubles, error.what());
    throw;
  }
  const std::vector<os::Trouble> troubles = journal.undo_all();
  follower.not_undone(troubles);  // first: the folder may be full
  recorder->finish(ended.state, troubles);
  return troubles.empty() ? ended.code : std::max(ended.code, os::kFailed);
}

}  // namespace tlbstorm::campaign
