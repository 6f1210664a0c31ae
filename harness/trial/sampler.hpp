// SPDX-License-Identifier: Apache-2.0
// The sampling thread: reads all probes at a fixed interval (absolute deadlines) and at every edge, where it
// also puts the new stage in force. It allocates nothing, takes no lock and hands its rows over through a
// ring.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "harness/trial/observation.hpp"
#include "harness/trial/probe_set.hpp"

namespace tlbstorm::trial {

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
