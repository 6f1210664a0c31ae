// SPDX-License-Identifier: Apache-2.0
// A plan: everything about a run, resolved and validated before anything on the machine is touched. Plain
// data, printed by --dry-run and kept in the manifest.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/units.hpp"
#include "harness/trial/mempolicy.hpp"
#include "harness/trial/outcome.hpp"
#include "harness/trial/parameters.hpp"
#include "harness/trial/settings.hpp"

namespace tlbstorm::trial {

/// Workers as threads of one mm, which share translations, or as processes, which don't.
enum class Mode { threads, processes };
inline std::string_view name(Mode mode) { return mode == Mode::threads ? "threads" : "processes"; }

/// Which trials count what disturbs the workload (Definition::disturbed_by): one of its own behind all that
/// measure, none, or all of them.
enum class Explain { automatic, none, all };
inline constexpr std::array<std::string_view, 3> kExplainNames{"auto", "none", "all"};
inline std::string_view name(Explain explain) { return kExplainNames[static_cast<std::size_t>(explain)]; }

/// A swap area that the run sets up for itself and takes down again.
struct SwapRequest {
  enum class Kind { zram, file, device };
  Kind kind = Kind::zram;
  std::string path;    ///< for a file: a folder, or the start of the file's name; else the device
  bool erase = false;  ///< of a device: its path was repeated in --erase-device
  os::Bytes size;
  std::string algorithm;  ///< for zram; empty is the kernel's default
  std::string text;       ///< as the user wrote it
};

/// Memory that the workers hold at once if nothing limits them, and which of their options says so.
struct WorkingSet {
  std::string option;  ///< without the dashes
  os::Bytes size;
  bool locked = false;
};

struct Plan {
  std::string workload;
  Parameters parameters;
  std::string preset;

  int trials = 0;
  int retry_invalid = 0;  ///< trials more at most, in place of those that were disturbed
  os::Nanoseconds warmup{};
  /// How long a trial is measured. Nothing: until the workload has done its rounds.
  std::optional<os::Nanoseconds> duration;
  /// A trial that takes longer than its phases and this is ended as timed out.
  os::Nanoseconds timeout{};

  int workers = 0;
  int onlookers =
      0;  ///< the workers that do no operation: they hold translations, and are there to be flushed
  Mode mode = Mode::threads;
  std::string placement;
  std::vector<int> cpus;  ///< one for each worker
  int bystanders = 0;
  std::vector<int> bystander_cpus;
  std::vector<int> watching_cpus;   ///< for the harness's own threads; empty: all CPUs have work
  os::Nanoseconds gap_threshold{};  ///< what a bystander takes for a gap
  std::string mempolicy = "local";
  MemPolicy policy;  ///< the same, for this machine

  std::optional<os::Bytes> memory;   ///< the cgroup's limit; nothing: no limit
  std::optional<os::Bytes> ballast;  ///< locked by a process of its own while the run lasts
  std::vector<SwapRequest> swap;
  std::optional<WorkingSet> working_set;  ///< told by the workload; nothing: all that the limit leaves it
  // as in the Definition, unless a parameter says otherwise
  bool workers_spin = false;
  bool reclaims = true;
  bool swaps = false;
  std::vector<int> capabilities;  ///< of root's, those that the trial process keeps
  bool zero_pages_meant = false;  ///< the workload swaps zero pages on purpose
  /// Kernel files and what to write there for the run: sysctls, parameters of modules.
  std::vector<Setting> settings;

  os::Nanoseconds interval{};
  double sample_budget = 0;  ///< what sampling may take of a CPU; expensive probes are read less often
  std::vector<std::string> probes;
  /// Of these those that disturb the workload: only explaining trials carry them, unless all do.
  std::vector<std::string> disturbing_probes;
  Explain explain = Explain::automatic;
  std::string events;  ///< for the probe perf; empty is what the machine can give
  std::uint64_t seed = 0;
  Outcome expect = Outcome::ok;
  std::string label;
  std::string output;
  std::vector<std::string> notes;  ///< what the user should know of how the plan came out
};

/// What a trial of that kind takes of a planned time: one that explains half of it, as what it counts needs
/// no spread.
inline os::Nanoseconds time_of(TrialKind kind, os::Nanoseconds planned) {
  return kind == TrialKind::explaining ? planned / 2 : planned;
}

/// How many trials come behind those that measure.
inline int explaining_trials(const Plan& plan) {
  return plan.explain == Explain::automatic && !plan.disturbing_probes.empty() ? 1 : 0;
}

}  // namespace tlbstorm::trial
