// SPDX-License-Identifier: Apache-2.0
// Several runs one after the other, into one parent folder.
#pragma once

#include "harness/cli/run_options.hpp"
#include "harness/record/batch.hpp"

namespace tlbstorm::cli {

/// One run of a batch: a workload with its options.
struct BatchRun {
  std::string name;   ///< of its folder, too
  std::string value;  ///< of the swept option
  Arguments command;  ///< that makes the same run alone
  const trial::Definition* definition = nullptr;
  trial::Options options;
};

/// One run; its state is written down in the batch. A run that can't be made is no error of the batch: kUsage
/// when it was refused, kFailed when something went wrong.
int run_one(const BatchRun& run, record::BatchRecorder& recorder, const MachineLock& lock, bool quiet);

/// Makes the runs and prints the table. kOk when every run that could be made ended as expected.
int run_batch(const record::BatchKind& kind, const std::vector<BatchRun>& runs,
              const std::filesystem::path& parent, const LockOptions& lock, bool quiet);

/// `tlbstorm run WORKLOAD --sweep OPTION=VALUES`.
int sweep(const RunOptions& options, const trial::Definition& definition);

/// "1..4" is 1 2 3 4, "1..N" goes up to `cpus`, "1..64x2" is 1 2 4 ... 64, anything else a list with commas.
/// Throws os::UsageError.
std::vector<std::string> sweep_values(const std::string& text, int cpus);

}  // namespace tlbstorm::cli
