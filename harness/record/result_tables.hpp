// SPDX-License-Identifier: Apache-2.0
// The tables of a run folder that are written once a trial has ended: what each worker and bystander did, and
// the distributions of times.
#pragma once

#include "harness/record/csv_writer.hpp"
#include "harness/trial/observation.hpp"

namespace tlbstorm::record {

class ResultTables {
 public:
  /// The table of workers is there from the start; the others once there is something to put into them.
  /// `folder` outlives the tables.
  void create(const os::Folder& folder);
  void add(const trial::TrialResult& result);

 private:
  void add_workers(const trial::TrialResult& result);
  void add_latencies(const trial::TrialResult& result);
  void add_bystanders(const trial::TrialResult& result);

  const os::Folder* folder_ = nullptr;
  CsvWriter workers_, latency_, bystanders_, gaps_;
};

}  // namespace tlbstorm::record
