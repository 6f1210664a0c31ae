// SPDX-License-Identifier: Apache-2.0
// Writes a run folder as the run proceeds, so that an interrupted run keeps what it measured. Rows, and a
// line for each trial, go to the kernel as they come; the manifest is replaced whole when a run begins, when
// its columns are known and when it ends, so that a trial costs the same however many there were before it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/machine/facts.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/journal.hpp"
#include "harness/record/csv_writer.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/judgement.hpp"
#include "harness/record/manifest.hpp"
#include "harness/record/result_tables.hpp"
#include "harness/trial/observation.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::record {

class Recorder final : public trial::Observer {
 public:
  /// Makes the folder and the first manifest. `lock` says of whom the run kept away. Throws os::SystemError.
  Recorder(const std::filesystem::path& folder, const trial::Plan& plan, const trial::Definition& definition,
           const machine::Machine& machine, const std::vector<std::string>& command, const std::string& lock);

  void begin_trial(int trial, trial::TrialKind kind, std::span<const probe::Column> columns) override;
  void sample(const trial::Sample& sample) override;
  void end_trial(const trial::TrialResult& result) override;
  /// Adds the verdict on the trial that ended last.
  void judge(int trial, const Judgement& judgement);
  /// How it ended, when it failed for a reason, and what could not be taken back of what the run
  /// had changed.
  void finish(RunState state, const std::vector<os::Trouble>& troubles = {}, const std::string& reason = "");

  /// Hands buffered rows to the kernel; called a few times a second.
  void flush() { samples_.flush(); }
  const os::Folder& folder() const { return folder_; }

 private:
  void claim() const;
  void write_manifest();
  void write_trial() const;
  /// The kernel's own lines, into oom-trial<N>.txt.
  void write_oom_reports(const trial::TrialResult& result) const;

  os::Folder folder_;
  RunManifest manifest_;  ///< without its trials
  TrialRecord trial_;     ///< that goes on
  std::vector<AbsentProbeRecord> absent_written_;
  os::Fd trial_lines_;
  CsvWriter samples_, trials_, rounds_;
  ResultTables tables_;
};

}  // namespace tlbstorm::record
