// SPDX-License-Identifier: Apache-2.0
// What a workload says of itself, as data, and the registry of all workloads.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/machine/facts.hpp"
#include "harness/os/error.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/probe/probe.hpp"
#include "harness/trial/metric_names.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::trial {

class Worker;

/// What a worker does. Lives only in the trial process (and in the worker processes that it forks).
class Workload {
 public:
  virtual ~Workload() = default;
  /// Once a trial, before the workers start; not measured.
  virtual void prepare() {}
  /// In each worker, pinned to its CPU, before the first phase; not measured. Not for Pacing::rounds.
  virtual void set_up(Worker& /*worker*/) {}
  /// In each worker, until !worker.running() or !worker.next_round().
  virtual void work(Worker& worker) = 0;
};

/// A count beside operations that a workload keeps; column "workload.<name>" of samples.csv. Some names have
/// a meaning for the metrics, whoever keeps them: see namespace counter.
struct WorkloadCounter {
  std::string name;
  std::string unit;
  std::string meaning;
  probe::Kind kind = probe::Kind::counter;  ///< a gauge if it may fall
};

/// Counters that judge/ knows.
namespace counter {
inline constexpr const char* kBytes = "bytes";             ///< data read or written
inline constexpr const char* kPagesGone = "pages_gone";    ///< pages that left, as the workload itself saw
inline constexpr const char* kReclaimTime = "reclaim_ns";  ///< time in the call that reclaims
inline constexpr const char* kLocked = "locked";           ///< bytes that the workers hold locked
inline constexpr const char* kVerified = "verified";       ///< pages looked at whole, and found right
}  // namespace counter

/// Which way a figure gets better.
enum class Better { lower, higher, neither };
std::string_view name(Better better);

/// A figure of a workload's own: scale * part / whole, over the measured phase; without a whole, the part.
/// Both are sums of columns of samples.csv, of those that this machine has: by how much a counter grew
/// (probe/column_names.hpp), what a gauge was on average (mean_of()), or "seconds",
/// or "worker_seconds": those of all workers but onlookers.
struct OwnFigure {
  std::string name;
  std::string unit;
  Better better = Better::neither;
  std::string meaning;
  std::vector<std::string> part;
  std::vector<std::string> whole;
  double scale = 1;
};

/// A gauge's mean, as a part of an OwnFigure.
inline std::string mean_of(const char* column) { return std::string("mean ") + column; }

/// How a workload's trial is paced.
enum class Pacing {
  timed,   ///< --warmup, then --duration
  rounds,  ///< its own rounds, one measured window in each; --duration only bounds them
};

/// Values for several options under one name.
struct Preset {
  std::string name;
  std::string help;
  std::vector<std::pair<std::string, std::string>>
      options;  ///< without dashes; common ones too, such as mode
};

struct Definition {
  std::string name;
  std::string summary;    ///< one line, with the kernel path that it exercises
  std::string operation;  ///< what one counted operation is
  std::string primary;    ///< the metric that a verdict is about when nothing is said
  Pacing pacing = Pacing::timed;
  /// Workers must be on a CPU through the measured phase: those that aren't get no IPIs.
  bool workers_spin = false;
  bool reclaims = true;         ///< pages are reclaimed; else figures and checks about that don't apply
  bool swaps = false;           ///< its major faults come from swap, so a swap area must account for them
  bool times_accesses = false;  ///< it keeps times of single accesses (AccessTimer)
  std::vector<Option> parameters = {};
  std::vector<WorkloadCounter> counters = {};
  std::vector<OwnFigure> figures = {};
  std::vector<Preset> presets = {};
  /// Of root's capabilities (linux/capability.h) those that its workers need; resolve() may add some. All
  /// others are given up before it is made.
  std::vector<int> capabilities = {};
  /// Probes that cost it 1% or more of its speed, or change its counts (scripts/probe-cost;
  /// docs/performance.md has what was measured): only explaining trials carry them.
  std::vector<std::string> disturbed_by = {"irqcost", "perf", "tlbflush"};
  int trials = 3;
  std::string warmup = "1s";
  std::string duration = "3s";  ///< "" for rounds: until they are done
  /// Fills in defaults that depend on the machine and refuses what can't work (os::UsageError). Touches
  /// nothing.
  void (*resolve)(Plan&, const machine::Machine&) = nullptr;
  std::unique_ptr<Workload> (*make)(const Plan&) = nullptr;
};

/// All workloads, in the order of their names.
std::span<const Definition> workloads();
/// Throws os::UsageError that suggests the nearest name.
const Definition& find_workload(std::string_view name);

/// The last line of a workload's file.
class RegisteredWorkload {
 public:
  explicit RegisteredWorkload(Definition definition);
};

}  // namespace tlbstorm::trial
