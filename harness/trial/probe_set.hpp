// SPDX-License-Identifier: Apache-2.0
// The probes of a run: opened once, read by the sampler.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/trial/observation.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {

/// The probes of a plan, opened for a run, and the columns of a row: those of the probes, then the workers'
/// counts. They stay open from trial to trial: what a descriptor leads to is one device and no other,
/// whatever bears its name later, and the columns are the same to the run's end.
class ProbeSet {
 public:
  /// For the first trial. Nothing that a probe can't do is an exception: it is absent.
  ProbeSet(const Plan& plan, const Definition& definition, const probe::Target& target);
  /// For each further one. Returns what has changed since the last.
  std::vector<std::string> begin_trial(const probe::Target& target, std::string_view when);

  std::span<const probe::Column> columns() const { return columns_; }
  const std::vector<ProbeReading>& readings() const { return readings_; }
  const std::vector<AbsentProbe>& absent() const { return absent_; }

  /// One row. `tick` counts the samples; an edge reads every probe, and in reverse order when a measured
  /// phase begins, so that the interrupts are read nearest to it on both sides.
  void read(std::span<double> row, const Scoreboard& scoreboard, std::uint64_t tick, bool edge,
            bool opens_measure) noexcept;
  /// What has gone or come since it was last asked, a line each. Not while another thread reads.
  std::vector<std::string> changes(std::string_view when);

 private:
  struct Opened {
    std::unique_ptr<probe::Probe> probe;
    std::size_t first_column;
    int every;
  };
  static std::span<double> cells_of(const Opened& opened, std::span<double> row);
  void open(const probe::Source& source, const probe::Target& target);
  void measure_costs();
  void spread_expensive_probes(os::Nanoseconds budget);

  std::vector<Opened> probes_;
  std::vector<probe::Column> columns_;
  std::size_t first_worker_column_ = 0;
  std::size_t workload_counters_ = 0;
  std::vector<ProbeReading> readings_;
  std::vector<AbsentProbe> absent_;
  std::set<std::string> told_;  ///< lines without their time
};

}  // namespace tlbstorm::trial
