// SPDX-License-Identifier: Apache-2.0
// What is kept of a run besides its tables: run.json, a line for each trial in trials.jsonl, and batch.json
// of several runs. Typed, so that nobody but record/ sees JSON: a field that is renamed is a compile error, a
// damaged file one clear error. What a field is called on the disk, and what earlier schemas had in its
// place, is in manifest_fields.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/finding.hpp"
#include "harness/os/units.hpp"
#include "harness/trial/plan.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::record {

struct Tool {
  std::string name = "tlbstorm", version;
  std::vector<std::string> command;  ///< the words that made the run
};

/// What the workload says of itself, so that a reader need not have it.
struct WorkloadRecord {
  std::string summary, operation, pacing;
  std::string primary;                    ///< the metric that a verdict is about when nothing is said
  std::vector<trial::OwnFigure> figures;  ///< without what they are made of
  std::vector<std::string> capabilities;  ///< that the trial kept
};

/// How the machine flushes.
struct FlushRecord {
  std::string text, hypervisor;
  bool paravirt_offered = false;
};

struct ColumnRecord {
  std::string name, unit, kind;  ///< "counter" or "gauge"
};

struct AbsentProbeRecord {
  std::string probe, reason, remedy;
  bool idle = false;
};

struct ReadingRecord {
  double read_us = 0;
  int every_samples = 1;   ///< 0: at edges only
  bool expensive = false;  ///< sampled less often than it is meant to be, for its cost
};

struct SamplingRecord {
  std::uint64_t samples = 0, late = 0, dropped = 0;
  double mean_us = 0, longest_us = 0;
  std::map<std::string, ReadingRecord> probes;
};

struct WrongPages {
  std::uint64_t count = 0;
  std::vector<std::string> first;
};

/// A metric that a trial can't give, and why.
struct Absence {
  std::string metric, reason;
};
/// Why a trial that measures lacks what would have disturbed it.
inline constexpr const char* kOnlyExplaining = "only explaining trials count it";

struct TrialRecord {
  int trial = 0;
  trial::TrialKind kind = trial::TrialKind::measuring;
  std::optional<trial::Outcome> outcome;  ///< none while it is going on
  std::string reason;
  bool valid = false;
  std::string reclaim_source;  ///< where pages_reclaimed came from
  std::int64_t timing_overhead_ns = 0;
  WrongPages wrong_pages;
  std::vector<std::string> notes;
  std::vector<os::Finding> checks;
  std::vector<Absence> absent;
  /// TLB-shootdown handlers by phase and in all ("whole"), for whoever counts /proc/interrupts around the
  /// run.
  std::map<std::string, double> tlb_ipis_by_phase;
  SamplingRecord sampling;
  std::vector<std::string> probes;  ///< that were read in it
  std::string instrument;           ///< those of them that may disturb it: "perf, tlbflush"; empty: none
};

/// Who writes the run: whether it still does can be told on the same boot.
struct Writer {
  std::string boot_id;
  int pid = 0;
  std::uint64_t started = 0;  ///< the process, in clock ticks after the boot: /proc/PID/stat, field 22
};

enum class RunState { running, finished, failed, interrupted };
inline constexpr std::array<std::string_view, 4> kRunStateNames{"running", "finished", "failed",
                                                                "interrupted"};

struct RunManifest {
  int schema = 0;
  Tool tool;
  std::string lock;      ///< of whom the run kept away: "machine", "user", "inherited", "nobody", "ignored"
  std::string occasion;  ///< the same for runs that were made close together
  std::string rung = "trial";  ///< the highest rung of the ladder of evidence that differs within the run
  int repeat = 1;              ///< which repetition of the same run in a campaign
  Writer writer;
  RunState state = RunState::running;
  std::string reason;          ///< why it failed
  std::string started, ended;  ///< to the millisecond, UTC: "2026-11-27T14:00:00.123Z"
  trial::Plan plan;
  WorkloadRecord workload;
  std::vector<std::pair<std::string, std::string>>
      machine;  ///< facts by name, in the order in which they are told
  FlushRecord flush;
  std::string topology;
  std::optional<os::Bytes> memory;
  std::vector<ColumnRecord> columns;
  std::vector<AbsentProbeRecord> absent_probes;
  std::map<std::string, int> outcomes;  ///< how many trials ended how; of a run that has ended
  std::vector<std::string> not_undone;
  std::vector<TrialRecord> trials;

  /// A fact of the machine, or `otherwise`.
  std::string fact(std::string_view name, std::string otherwise = "?") const;
  const TrialRecord* find(int trial) const;
  /// Whether a trial ended well and passed its checks.
  bool valid(int trial) const;
  /// Of those that measure, all and the valid ones.
  int measuring_trials() const;
  int valid_trials() const;
  /// The file that they are in, for messages.
  const char* trials_are_in() const;
};

/// One run of a sweep, a suite or `tlbstorm ab`.
struct BatchRecord {
  std::string name;   ///< of its folder, below the batch's
  std::string point;  ///< what it repeats: the line of a suite, the point of a sweep; empty: its name
  std::string value;  ///< of the swept option, or the side: "base", "new"
  std::vector<std::string> command;
  std::string state, reason;
};

/// batch.json.
struct BatchManifest {
  int schema = 0;
  Tool tool;
  std::string kind;   ///< "sweep", "suite", "repeat", "ab" (pairs of runs) or "sides" (both, in turn)
  std::string name;   ///< the option that is swept, the suite, or the workload
  std::string about;  ///< one line
  std::vector<BatchRecord> entries;
};

/// Reads run.json, and the trials' lines beside it. Throws os::Error with the file and what in it is wrong;
/// `remarks` get what is odd.
RunManifest read_run_manifest(const std::filesystem::path& folder, std::vector<std::string>& remarks);
BatchManifest read_batch_manifest(const std::filesystem::path& folder);

/// As they are written: run.json without its trials, which are lines.
std::string run_text(const RunManifest& manifest);
std::string trial_line(const TrialRecord& trial);
std::string batch_text(const BatchManifest& manifest);

/// The plan as --dry-run shows it.
std::string plan_text(const trial::Plan& plan, const trial::Definition& definition);
std::string plan_texts(std::span<const trial::Plan> plans, const trial::Definition& definition);

/// Of probes that a trial carried, those that may disturb it (trial::Definition::disturbed_by): they count
/// events as they happen, where the others read files now and then.
std::string instrument_of(const std::vector<std::string>& probes);

WorkloadRecord workload_record(const trial::Definition& definition);

}  // namespace tlbstorm::record
