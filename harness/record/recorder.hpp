// SPDX-License-Identifier: Apache-2.0
// Writes a run folder as the run proceeds, so that an interrupted run keeps what it measured. Rows go to the
// kernel as they come; the manifest is replaced whole, so that a reader never sees half of it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/machine/facts.hpp"
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

/// Refuses a folder that holds something or can't be written (os::UsageError). Makes nothing.
void check_folder(const std::filesystem::path& folder);

class Recorder final : public trial::Observer {
 public:
  /// Makes the folder and the first manifest. Throws os::SystemError.
  Recorder(std::filesystem::path folder, const trial::Plan& plan, const trial::Definition& definition,
           const machine::Machine& machine, const std::vector<std::string>& command);

  void begin_trial(int trial, std::span<const probe::Column> columns) override;
  void sample(const trial::Sample& sample) override;
  void end_trial(const trial::TrialResult& result) override;
  /// Adds the verdict on the trial that ended last.
  void judge(int trial, const Judgement& judgement);
  /// "finished" or "interrupted".
  void finish(const std::string& state);

  /// Hands buffered rows to the kernel; called a few times a second.
  void flush() { samples_.flush(); }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void write_manifest() const;
  /// The kernel's own lines, into oom-trial<N>.txt.
  void write_oom_reports(const trial::TrialResult& result) const;

  std::filesystem::path folder_;
  nlohmann::ordered_json manifest_;
  CsvWriter samples_, trials_, rounds_;
  ResultTables tables_;
};

}  // namespace tlbstorm::record
