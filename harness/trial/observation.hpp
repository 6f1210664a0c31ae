// SPDX-License-Identifier: Apache-2.0
// What a trial yields: samples while it runs, a result when it has ended, and who wants to see them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/os/kernel_log.hpp"
#include "harness/os/units.hpp"
#include "harness/probe/probe.hpp"
#include "harness/trial/histogram.hpp"
#include "harness/trial/other_load.hpp"
#include "harness/trial/outcome.hpp"
#include "harness/trial/phase.hpp"
#include "harness/trial/scoreboard.hpp"

namespace tlbstorm::trial {

/// One row of samples.csv. The stage is the one that begins (at an edge) or goes on with this sample, so what
/// happened in a phase is the difference between the sample that begins it and the next edge.
struct Sample {
  int trial = 0;
  Stage stage;
  os::Nanoseconds at{};  ///< since the trial's start
  std::span<const double> values;
};

/// A probe that the plan asked for and this machine can't give.
struct AbsentProbe {
  std::string name;
  probe::Unavailable why;
};

/// How a probe was read.
struct ProbeReading {
  std::string name;
  os::Nanoseconds cost{};  ///< of one read, median of a few before the trial
  int every = 1;           ///< read at every n-th sample; 0: at edges only
  bool expensive = false;  ///< sampled less often than it is meant to be, for its cost
};

struct SamplingFacts {
  std::vector<ProbeReading> readings;
  std::vector<AbsentProbe> absent;
  std::vector<std::string> for_explaining;  ///< probes that another kind of trial carries
  std::uint64_t samples = 0;
  std::uint64_t late = 0;     ///< deadlines missed altogether
  std::uint64_t dropped = 0;  ///< taken, but the recorder could not keep up
  os::Nanoseconds longest{};  ///< the longest that one sample took
  os::Nanoseconds total{};    ///< that all samples took
};

struct WorkerResult {
  int index = 0;
  int tid = 0;
  int cpu = -1;
  std::uint64_t operations = 0;
  Usage measured;
};

struct BystanderResult {
  int index = 0;
  int cpu = -1;
  os::Nanoseconds lost{};  ///< summed over its gaps
  std::uint64_t gaps = 0;
  os::Nanoseconds longest{};
  Usage measured;
};

/// Times of accesses by AccessClass::index().
using Latencies = std::array<Histogram, AccessClass::kCount>;

struct TrialResult {
  int trial = 0;
  TrialKind kind = TrialKind::measuring;
  Outcome outcome = Outcome::ok;
  std::string reason;                         ///< why the outcome isn't ok
  bool killed = false;                        ///< a worker ended by a signal: what it used last is not known
  std::vector<os::OomReport> oom_reports;     ///< of the whole machine, while the trial ran
  std::vector<std::string> invalid;           ///< what the workload itself found wrong
  std::uint64_t wrong_pages = 0;              ///< that came back with other content than was written
  std::vector<std::string> wrong_page_texts;  ///< of the first of them
  std::vector<std::string> notes;
  std::vector<WorkerResult> workers;
  std::vector<BystanderResult> bystanders;
  std::unique_ptr<Latencies> latency;  ///< merged over the workers; null when none recorded any
  os::Nanoseconds timing_overhead{};   ///< subtracted from them, of the worker where it was largest
  std::unique_ptr<Histogram> gaps;     ///< merged over the bystanders; null when there are none
  std::optional<os::Nanoseconds> longest_stall;
  os::Nanoseconds stall_resolution{};  ///< a shorter stall would not have been seen
  SamplingFacts sampling;
  OtherLoad others;
};

/// Sees a run as it goes. Called by the main thread only.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void begin_trial(int /*trial*/, TrialKind /*kind*/, std::span<const probe::Column> /*columns*/) {}
  virtual void sample(const Sample& /*sample*/) {}
  /// After the samples that came together.
  virtual void handed_over() {}
  virtual void end_trial(const TrialResult& /*result*/) {}
};

}  // namespace tlbstorm::trial
