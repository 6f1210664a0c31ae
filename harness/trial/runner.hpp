// SPDX-License-Identifier: Apache-2.0
// Runs one trial: forks the trial process into its fence, lets its workers go through the phases, samples,
// and says how it ended. Whatever happens in the trial process is an outcome; only what the harness itself
// can't do is an exception.
#pragma once

#include "harness/machine/facts.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"
#include "harness/trial/ballast.hpp"
#include "harness/trial/confinement.hpp"
#include "harness/trial/observation.hpp"
#include "harness/trial/sampler.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {

class Runner {
 public:
  /// All must outlive the runner. `signals` are those that end the run; `folder` is the run's, `ballast` what
  /// the machine carries beside, if there is one.
  Runner(const Plan& plan, const Definition& definition, const machine::Machine& machine,
         os::Journal& journal, os::SignalFd& signals, Observer& observer, const os::Folder* folder = nullptr,
         Ballast* ballast = nullptr);

  /// Runs trial number `trial` (from 1). The first one measures.
  TrialResult run(int trial, TrialKind kind = TrialKind::measuring);

  /// The signal that ended the run, if one did.
  std::optional<int> signal() const { return signal_; }

 private:
  struct Running;
  const Plan& plan_of(TrialKind kind) const {
    return kind == TrialKind::measuring ? plan_ : explaining_plan_;
  }
  std::vector<int> watching_cpus() const;
  void wait_for_workers(Running& running);
  void run_phases(Running& running);
  void wait_for_end(Running& running);
  /// Sleeps until the deadline, handing samples over; false when the child ended, a signal came, or it is too
  /// late.
  bool watch(Running& running, os::Nanoseconds until);
  void hand_over(Running& running, const Sample& sample);
  void hand_over_samples(Running& running);
  void enter(Running& running, Stage stage);
  std::vector<int> pids_of(const Running& running) const;
  void look_for_foreign_victims(const Running& running, TrialResult& result) const;
  void stop(Running& running, Outcome outcome, std::string reason);
  TrialResult collect(Running& running);

  const Plan& plan_;
  Plan explaining_plan_;  ///< half as long
  const Definition& definition_;
  const machine::Machine& machine_;
  os::Journal& journal_;
  os::SignalFd& signals_;
  Observer& observer_;
  const os::Folder* folder_;
  Ballast* ballast_;
  std::optional<ProbeSet> probes_;  ///< from the first trial on
  std::optional<int> signal_;
};

}  // namespace tlbstorm::trial
