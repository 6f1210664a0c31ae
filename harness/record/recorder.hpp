// SPDX-License-Identifier: Apache-2.0
// Writes a run folder as the run proceeds, so that an interrupted run keeps what it measured. Rows go to the
// kernel as they come; the manifest is replaced whole, so that a reader never sees half of it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/machine/facts.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/journal.hpp"
#include "harness/record/csv.hpp"
#include "harness/record/judgement.hpp"
#include "harness/record/result_tables.hpp"
#include "harness/trial/observation.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::record {

/// The plan as the manifest and --dry-run show it.
nlohmann::ordered_json to_json(const trial::Plan& plan, const trial::Definition& definition);

/// Where a run goes that was given no --output: results/<date>-<workload>-<label>, made unique.
std::filesystem::path default_folder(const std::string& workload, const std::string& label);

/// Makes the folder of a run or of several, or opens it if it is there and empty. Throws os::UsageError.
os::Folder make_folder(const std::filesystem::path& folder);

/// Refuses a folder that holds something or can't be written (os::UsageError). Makes nothing.
void check_folder(const std::filesystem::path& folder);

class Recorder final : public trial::Observer {
 public:
  /// Makes the folder and the first manifest. `lock` says of whom the run kept away. Throws os::SystemError.
  Recorder(const std::filesystem::path& folder, const trial::Plan& plan, const trial::Definition& definition,
           const machine::Machine& machine, const std::vector<std::string>& command, const std::string& lock);

  void begin_trial(int trial, std::span<const probe::Column> columns) override;
  void sample(const trial::Sample& sample) override;
  void end_trial(const trial::TrialResult& result) override;
  /// Adds the verdict on the trial that ended last.
  void judge(int trial, const Judgement& judgement);
  /// "finished", "interrupted" or "failed", for a reason, and what could not be taken back of what the run
  /// had changed.
  void finish(const std::string& state, const std::vector<os::Trouble>& troubles = {},
              const std::string& reason = "");

  /// Hands buffered rows to the kernel; called a few times a second.
  void flush() { samples_.flush(); }
  const os::Folder& folder() const { return folder_; }

 private:
  void claim() const;
  void write_manifest() const;
  /// The kernel's own lines, into oom-trial<N>.txt.
  void write_oom_reports(const trial::TrialResult& result) const;

  os::Folder folder_;
  nlohmann::ordered_json manifest_;
  CsvWriter samples_, trials_, rounds_;
  ResultTables tables_;
};

}  // namespace tlbstorm::record
