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

/// The probes of a plan, and the columns of a row: those of the probes, then the workers' counts. A probe is
/// opened once, before the first trial that carries it, and stays open to the run's end: what a descriptor
/// leads to is one device and no other, whatever its name means later. The columns are the same in all
/// trials; those of a probe that a trial does not carry are absent in it.
class ProbeSet {
 public:
  /// For the first trial, which measures. Nothing that a probe can't do is an exception: it is absent.
  ProbeSet(const Plan& plan, const Definition& definition, const probe::Target& target);
  /// For each further one; from the first explaining one on, all are. Returns what has changed since the
  /// last.
  std::vector<std::string> begin_trial(TrialKind kind, const probe::Target& target, std::string_view when);

  std::span<const probe::Column> columns() const { return columns_; }
  const std::vector<ProbeReading>& readings() const { return readings_; }
  const std::vector<AbsentProbe>& absent() const { return absent_; }
  /// Those that only explaining trials carry, as long as none has begun.
  std::vector<std::string> for_explaining() const;

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
  /// A probe that is still to be opened, or could not be, and where its cells are.
  struct Reserved {
    const probe::Source* source;
    std::size_t first_column, columns;
    bool tried = false;
  };
  static std::span<double> cells_of(const Opened& opened, std::span<double> row);
  void add(const probe::Source& source, const probe::Target& target);
  void reserve(const probe::Source& source, const probe::Target& target);
  void open_reserved(const probe::Target& target);
  void keep(const probe::Source& source, std::unique_ptr<probe::Probe> probe, std::size_t first_column);
  void measure_costs();
  void spread_expensive_probes();

  double budget_;  ///< nanoseconds that a sample may take on average
  std::vector<Opened> probes_;
  std::vector<Reserved> reserved_;
  std::vector<probe::Column> columns_;
  std::size_t first_worker_column_ = 0;
  std::size_t workload_counters_ = 0;
  std::vector<ProbeReading> readings_;
  std::vector<AbsentProbe> absent_;
  std::set<std::string> told_;  ///< lines without their time
};

}  // namespace tlbstorm::trial
