// SPDX-License-Identifier: Apache-2.0
// Several runs one after the other, into one parent folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/campaign/machine_lock.hpp"
#include "harness/record/batch.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::campaign {

/// One run of a batch: a workload with its options.
struct BatchRun {
  std::string name;        ///< of its folder, too
  std::string point = {};  ///< what it repeats
  std::string value = {};  ///< of the swept option, or the side
  trial::Words command;    ///< that makes the same run alone
  const trial::Definition* definition = nullptr;
  trial::Options options;
  std::string prepare = {};  ///< a shell command before it, or empty
};

/// One run; its state is written down in the batch. A run that can't be made is no error of the batch: kUsage
/// when it was refused, kFailed when something went wrong. Throws os::Error when the command before it fails,
/// or what it changed can't be undone.
int run_one(const BatchRun& run, record::BatchRecorder& recorder, const MachineLock& lock,
            Follower& follower);

/// Makes the runs. kOk when every run that could be made ended as expected, and any trial is valid.
int run_batch(const record::BatchKind& kind, const std::vector<BatchRun>& runs,
              const std::filesystem::path& parent, const LockOptions& lock, Follower& follower);

}  // namespace tlbstorm::campaign
