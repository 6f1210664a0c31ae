// SPDX-License-Identifier: Apache-2.0
// The sampling thread: reads all probes at a fixed interval (absolute deadlines) and at every edge, where it
// also puts the new stage in force. It allocates nothing, takes no lock and hands its rows over through a
// ring.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
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
  void spread_dear_probes(os::Nanoseconds budget);

  std::vector<Opened> probes_;
  std::vector<probe::Column> columns_;
  std::size_t first_worker_column_ = 0;
  std::size_t workload_counters_ = 0;
  std::vector<ProbeReading> readings_;
  std::vector<AbsentProbe> absent_;
  std::set<std::string> told_;  ///< lines without their time
};

class Sampler {
 public:
  Sampler(ProbeSet& probes, Scoreboard& scoreboard, os::Nanoseconds interval, int trial);
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

  void start();
  // The main thread's side; `take` gets the rows that are there.
  using Take = std::function<void(const Sample&)>;
  void drain(const Take& take);
  /// Has a sample taken at which the stage changes. Drains while it waits, since a full ring has no place for
  /// that sample. False when the trial has been stopped.
  bool enter(Stage stage, const Take& take);
  /// Takes a last sample and no more.
  void finish(const Take& take);
  /// After finish().
  SamplingFacts facts() const;

 private:
  struct Row {
    Stage stage;
    os::Nanoseconds at;
  };
  void run();
  /// Takes an edge, too, where the stage is not that of the sample before: what a stop could not wait for.
  bool take_sample(Stage stage, bool edge);
  void wait_for_space() const;

  ProbeSet& probes_;
  Scoreboard& scoreboard_;
  os::Nanoseconds interval_;
  int trial_;
  os::Nanoseconds origin_{};
  Stage last_;  ///< of the sample before

  std::size_t capacity_;
  std::vector<Row> rows_;
  std::vector<double> values_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> drained_{0};
  std::atomic<bool> finishing_{false};
  SamplingFacts facts_;
  std::thread thread_;
};

}  // namespace tlbstorm::trial
