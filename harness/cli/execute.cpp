// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/execute.hpp"

#include <fmt/format.h>

#include <optional>

#include "harness/cli/console.hpp"
#include "harness/cli/progress.hpp"
#include "harness/machine/checkup.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"
#include "harness/record/recorder.hpp"
#include "harness/trial/runner.hpp"
#include "harness/trial/settings.hpp"
#include "harness/trial/swap_area.hpp"
#include "harness/verdict/judge.hpp"

namespace tlbstorm::cli {
namespace {

/// Passes everything on to the recorder, the judge and the screen.
class Audience final : public trial::Observer {
 public:
  Audience(record::Recorder& recorder, verdict::Judge& judge, Progress& progress)
      : recorder_(recorder), judge_(judge), progress_(progress) {}
  void begin_trial(int trial, std::span<const probe::Column> columns) override {
    recorder_.begin_trial(trial, columns);
    judge_.begin_trial(trial, columns);
    progress_.begin_trial(trial, columns);
  }
  void sample(const trial::Sample& sample) override {
    recorder_.sample(sample);
    judge_.sample(sample);
    progress_.sample(sample);
  }
  void handed_over() override { recorder_.flush(); }
  void end_trial(const trial::TrialResult& result) override {
    recorder_.end_trial(result);
    recorder_.judge(result.trial, judge_.judge(result));
    progress_.end_trial(result);
  }

 private:
  record::Recorder& recorder_;
  verdict::Judge& judge_;
  Progress& progress_;
};

/// The changes that hold for the whole run: swap areas and settings.
std::vector<os::Applied> prepare_machine(const trial::Plan& plan, os::Journal& journal,
                                         std::vector<trial::SwapArea>& swap) {
  std::vector<os::Applied> applied;
  for (const trial::Setting& setting : plan.settings) {  // first, as the kernel may refuse a value
    const std::string before = machine::chosen(os::read_text(setting.first));
    applied.push_back(journal.apply({os::Change::Kind::value, setting.first, before},
                                    [&] { trial::write_setting(setting); }));
    trial::check_setting_taken(setting);
  }
  for (const trial::SwapRequest& request : plan.swap) swap.emplace_back(journal, request);
  return applied;
}

int run_trials(const trial::Plan& plan, const trial::Definition& definition, const machine::Machine& machine,
               record::Recorder& recorder, Progress& progress) {
  os::SignalFd signals{SIGINT, SIGTERM, SIGHUP};
  os::Journal journal;
  verdict::Judge judge(plan, definition, machine);
  Audience audience(recorder, judge, progress);
  std::vector<trial::SwapArea> swap;
  const std::vector<os::Applied> changes = prepare_machine(plan, journal, swap);
  std::optional<trial::Ballast> ballast;
  if (plan.ballast) ballast.emplace(*plan.ballast, signals);
  trial::Runner runner(plan, definition, machine, journal, signals, audience, ballast ? &*ballast : nullptr);
  int as_expected = 0;
  for (int trial = 1; trial <= plan.trials && !runner.signal(); ++trial)
    if (runner.run(trial).outcome == plan.expect) ++as_expected;
  recorder.finish(runner.signal() ? "interrupted" : "finished");
  if (runner.signal()) return kSignal + *runner.signal();
  return as_expected == plan.trials ? kOk : kFailed;
}

}  // namespace

void restore_leftovers() {
  const os::Restored restored = os::restore();
  for (const std::string& change : restored.undone)
    say("tlbstorm: undid what a killed run had left: {}\n", change);
  for (const std::string& problem : restored.problems)
    say("tlbstorm: a killed run left something: {}\n", problem);
}

int execute(const trial::Plan& plan, const trial::Definition& definition, const machine::Machine& machine,
            const Arguments& command, bool quiet) {
  trial::Plan noted = plan;
  for (std::string& warning : machine::warnings_for_a_run(machine::take_snapshot(machine)))
    noted.notes.push_back(std::move(warning));
  record::Recorder recorder(plan.output, noted, definition, machine, command);
  Progress progress(plan, quiet);
  return run_trials(plan, definition, machine, recorder, progress);
}

}  // namespace tlbstorm::cli
