// SPDX-License-Identifier: Apache-2.0
#include "harness/report/summary.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/judge/emulation.hpp"
#include "harness/judge/latencies.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"
#include "harness/report/explaining_block.hpp"
#include "harness/report/latency_table.hpp"
#include "harness/report/why_block.hpp"
#include "harness/stats/buckets.hpp"
#include "harness/stats/sample.hpp"
#include "harness/trial/metric_names.hpp"

namespace tlbstorm::report {
namespace {

using record::RunFolder;

constexpr std::size_t kMostRounds = 30;  // printed; all are in rounds.csv

/// A size as one; what is none, in a manifest that was tampered with, as it is.
std::string size_text(const std::string& name, const std::string& text) try {
  return os::format_size(os::parse_size(name, text, {}));
} catch (const os::UsageError&) {
  return text;
}

std::string or_unknown(const std::string& text) { return text.empty() ? "?" : text; }

std::string paced(const record::RunManifest& manifest) {
  const trial::Plan& plan = manifest.plan;
  std::string count = fmt::format("{} trial{}", plan.trials, plan.trials == 1 ? "" : "s");
  if (const int retried = manifest.measuring_trials() - plan.trials; retried > 0 && plan.trials > 0)
    count += fmt::format(" and {} in place of disturbed ones", retried);
  if (manifest.workload.pacing == "rounds") {
    const auto parameters = plan.parameters.values();
    for (const char* const name : {"rounds", "repeat"})
      if (const auto found = parameters.find(name); found != parameters.end())
        return fmt::format("{} of {} measured rounds", count, found->second);
    return count;
  }
  return fmt::format("{} of {} after {} of warm-up", count,
                     plan.duration ? os::format_duration(*plan.duration) : "?",
                     os::format_duration(plan.warmup));
}

/// Few swap areas by their names, many by the first, the last and their number.
std::string areas(const std::vector<trial::SwapRequest>& swap) {
  constexpr std::size_t kFew = 4;
  std::vector<std::string> texts;
  for (const trial::SwapRequest& request : swap) texts.push_back(request.text);
  if (texts.size() <= kFew) return fmt::format("{}", fmt::join(texts, ", "));
  return fmt::format("{} to {}, {} areas", texts.front(), texts.back(), texts.size());
}

std::string parameters(const trial::Plan& plan) {
  const std::vector<std::string> sizes = plan.parameters.sizes();
  std::vector<std::string> parts;
  for (const auto& [name, text] : plan.parameters.values()) {
    if (text.empty()) continue;
    const bool size = std::find(sizes.begin(), sizes.end(), name) != sizes.end();
    parts.push_back(fmt::format("{}={}", name, size ? size_text(name, text) : text));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void context(const RunFolder& run, std::string& out) {
  const record::RunManifest& manifest = run.manifest;
  const trial::Plan& plan = manifest.plan;
  const auto line = [&](const char* key, const std::string& value) {
    out += fmt::format("  {:<11}{}\n", key, value);
  };
  out += fmt::format("tlbstorm {}: {}, {}\n\n", or_unknown(manifest.tool.version), or_unknown(plan.workload),
                     paced(manifest));
  line("kernel", fmt::format("{} {}", manifest.fact("kernel_release"), manifest.fact("kernel_version", "")));
  line("machine",
       fmt::format("{}, {}{}", manifest.fact("cpu_model"), or_unknown(manifest.topology),
                   manifest.flush.hypervisor.empty() ? "" : ", guest of " + manifest.flush.hypervisor));
  line("flushes", or_unknown(manifest.flush.text));
  line(
      "memory",
      fmt::format("{}; limit {}; swap {}", manifest.memory ? os::format_size(*manifest.memory) : "?",
                  plan.memory ? os::format_size(*plan.memory) : "none",
                  plan.swap.empty() ? manifest.fact("swaps", "none") : areas(plan.swap) + " (for this run)"));
  line("workers", fmt::format("{} {} on CPUs {} ({})", plan.workers, name(plan.mode),
                              os::format_list(plan.cpus), plan.placement));
  line("parameters", parameters(plan));
  if (plan.bystanders > 0)
    line("bystanders",
         fmt::format("{} on CPUs {}, gaps above {}", plan.bystanders, os::format_list(plan.bystander_cpus),
                     os::format_duration(plan.gap_threshold)));
  if (plan.ballast) line("ballast", os::format_size(*plan.ballast) + " locked");
  if (plan.expect != trial::Outcome::ok)
    line("expected", fmt::format("every trial ends as {}", name(plan.expect)));
  for (const std::string& note : plan.notes) line("note", note);
}

/// First of all: what follows is of less weight.
void wrong_pages(const RunFolder& run, std::string& out) {
  for (const record::TrialRecord& trial : run.manifest.trials) {
    const auto& [count, first] = trial.wrong_pages;
    if (count == 0) continue;
    out += fmt::format(
        "\n  DATA CORRUPTION in trial {}: {} page{} came back with other content than was written.\n"
        "  Suspect the kernel, the swap device or the memory. What was found{}:\n",
        trial.trial, count, count == 1 ? "" : "s",
        count > first.size() ? fmt::format(", the first {}", first.size()) : "");
    for (const std::string& line : first) out += fmt::format("    {}\n", line);
  }
}

void metrics(const RunFolder& run, std::string& out) {
  if (run.series.empty()) return;
  const bool any_valid = run.manifest.valid_trials() > 0;
  if (!any_valid)
    out += "\n  NO TRIAL IS VALID (why is said below): these figures are no evidence of anything\n";
  out += fmt::format("\n  {:<28}{:<15}{:>9}{:>10}{:>10}{:>7}  {}\n", "metric", "unit", "median", "min", "max",
                     "cv", any_valid ? "valid trials" : "trials");
  const bool emulated = judge::is_emulated(run.manifest);
  bool any_few = false;
  for (const record::Series& series : run.series) {
    if (is_cause(series.metric)) continue;
    const std::vector<double> values = run.values(series.metric);
    if (values.empty()) continue;
    const double varies = stats::describe(values).cv;
    const bool few = judge::rests_on_few(run, series.metric);
    any_few |= few;
    out += fmt::format("  {:<28}{:<15}{:>9}{:>10}{:>10}{:>7}  {}\n", series.metric,
                       judge::marked_unit(series.metric, series.unit, emulated),
                       os::format_figure(*run.median(series.metric)) + (few ? judge::kFewMark : ""),
                       os::format_figure(values.front()), os::format_figure(values.back()),
                       std::isnan(varies) ? "-" : fmt::format("{:.1f}%", 100 * varies), values.size());
  }
  if (any_few) out += fmt::format("  {} {}\n", judge::kFewMark, judge::kFewNote);
  if (emulated) out += fmt::format("  {}\n", judge::kEmulatedLegend);
}

/// What the table of rounds shows: the workload's own figures first, then what tells most of flushes.
std::vector<std::string> shown_of_rounds(const RunFolder& run) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> wanted, shown;
  for (const record::Series& series : run.series) {
    if (series.metric == metric::kIpisPerPage || series.metric == metric::kTlbIpis) break;
    wanted.push_back(series.metric);
  }
  for (const char* const metric : {metric::kTlbIpis, metric::kPagesReclaimed, metric::kIpisPerPage,
                                   metric::kPagesPerFlush, metric::kNsPerPage, metric::kTlbFlushesSent})
    wanted.emplace_back(metric);
  for (const std::string& metric : wanted)
    if (shown.size() < kMost &&
        std::any_of(run.rounds.begin(), run.rounds.end(),
                    [&](const record::RoundRow& row) { return row.figures.contains(metric); }))
      shown.push_back(metric);
  return shown;
}

void rounds(const RunFolder& run, std::string& out) {
  if (run.rounds.empty()) return;
  const std::vector<std::string> shown = shown_of_rounds(run);
  out += "\n  trial round";
  for (const std::string& metric : shown) out += fmt::format("{:>19}", metric);
  out += "\n";
  for (std::size_t i = 0; i < std::min(run.rounds.size(), kMostRounds); ++i) {
    const record::RoundRow& row = run.rounds[i];
    out += fmt::format("  {:>5} {:>5}", row.trial, row.round);
    for (const std::string& metric : shown) {
      const auto found = row.figures.find(metric);
      out += fmt::format("{:>19}", found == row.figures.end() ? "-" : os::format_figure(found->second));
    }
    out += "\n";
  }
  if (run.rounds.size() > kMostRounds)
    out += fmt::format("  ... and {} more in rounds.csv\n", run.rounds.size() - kMostRounds);
}

/// The same thing said of several trials is printed once, in the first one's words, with their numbers.
class Gathered {
 public:
  void add(const std::string& text, int trial) { add(text, text, trial); }
  void add(const std::string& subject, const std::string& text, int trial) {
    const auto [entry, fresh] = trials_.try_emplace(subject);
    if (fresh) order_.emplace_back(subject, text);
    entry->second.push_back(trial);
  }
  void print(std::string& out, const char* title, std::size_t all) const {
    if (order_.empty()) return;
    out += fmt::format("\n  {}\n", title);
    for (const auto& [subject, text] : order_) {
      const std::vector<int>& trials = trials_.at(subject);
      out += trials.size() == all || trials.front() == 0
                 ? fmt::format("    {}\n", text)
                 : fmt::format("    {} (trial {})\n", text, os::format_list(trials));
    }
  }

 private:
  std::vector<std::pair<std::string, std::string>> order_;  ///< subject, text
  std::map<std::string, std::vector<int>> trials_;
};

/// How often the probes are read that cost more than a sample may; empty when all are read each time.
std::string expensive_probes(const record::SamplingRecord& sampling) {
  std::vector<std::string> parts;
  bool no_interrupts = false;
  for (const auto& [probe, reading] : sampling.probes) {
    if (!reading.expensive) continue;
    no_interrupts |= probe == "interrupts" && reading.every_samples == 0;
    parts.push_back(fmt::format(
        "{} ({:.0f} us) {}", probe, reading.read_us,
        reading.every_samples > 0 ? fmt::format("1 in {}", reading.every_samples) : "at phase edges only"));
  }
  if (parts.empty()) return "";
  return fmt::format("expensive to read, sampled less often: {}{}", fmt::join(parts, ", "),
                     no_interrupts ? "; the time line of shootdowns is tlbflush.received, by CPU" : "");
}

/// "oom: the kernel killed a worker ...", of a trial that was to end so; what was not is said as invalid.
std::string expected_end(const record::TrialRecord& trial) {
  if (!trial.outcome || *trial.outcome == trial::Outcome::ok || trial.reason.empty()) return "";
  for (const os::Finding& check : trial.checks)
    if (check.id == "outcome" && check.grade == os::Grade::ok)
      return fmt::format("{}: {}", name(*trial.outcome), trial.reason);
  return "";
}

/// Metrics by the reason why there are none.
void absences(const record::TrialRecord& trial, Gathered& absent) {
  const bool measures = trial.kind == trial::TrialKind::measuring;
  constexpr std::size_t kMost = 4;
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const record::Absence& absence : trial.absent)
    if (absence.reason != record::kOnlyExplaining) by_reason[absence.reason].push_back(absence.metric);
  for (auto& [reason, names] : by_reason) {
    const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
    names.resize(names.size() - more);
    absent.add(fmt::format("{}{}: {}", fmt::join(names, ", "),
                           more > 0 ? fmt::format(" and {} more", more) : "", reason),
               measures ? trial.trial : 0);
  }
}

/// What was found; where it is not good enough, what was wanted, too.
std::string told(const os::Finding& check) {
  const bool plain = check.grade != os::Grade::failed || check.wanted.empty();
  return plain ? check.found : fmt::format("{} (wanted: {})", check.found, check.wanted);
}

void reasons(const RunFolder& run, std::string& out) {
  const auto& trials = run.manifest.trials;
  Gathered invalid, unknown, absent, ended, notes;
  for (const record::TrialRecord& trial : trials) {
    if (const std::string end = expected_end(trial); !end.empty()) ended.add(end, trial.trial);
    for (const os::Finding& check : trial.checks) {
      const std::string text = fmt::format("{}: {}", check.id, told(check));
      // How each trial ended is told of each: when it was, and how much was free.
      if (check.grade == os::Grade::failed)
        invalid.add(check.id == "outcome" ? text : check.id, text, trial.trial);
      if (check.grade == os::Grade::unknown) unknown.add(check.id, text, trial.trial);
    }
    absences(trial, absent);
    for (const std::string& note : trial.notes) notes.add(note, trial.trial);
    if (const std::string expensive = expensive_probes(trial.sampling); !expensive.empty())
      notes.add("expensive", expensive, 0);
  }
  for (const record::AbsentProbeRecord& probe : run.manifest.absent_probes)
    if (!probe.idle)
      absent.add(fmt::format("probe {}: {}{}{}", probe.probe, probe.reason, probe.remedy.empty() ? "" : "; ",
                             probe.remedy),
                 0);
  ended.print(out, "ended as expected", trials.size() + 1);
  invalid.print(out, "INVALID: these trials do not mean what they should", trials.size() + 1);
  absent.print(out, "not available here", trials.size());
  unknown.print(out, "unknown", trials.size());
  notes.print(out, "notes", trials.size());
}

void whole_run(const RunFolder& run, std::string& out) {
  double measured = 0, whole = 0;
  bool known = false;
  std::string source;
  for (const record::TrialRecord& trial : run.manifest.trials) {
    const auto& by_phase = trial.tlb_ipis_by_phase;
    if (const auto all = by_phase.find("whole"); all != by_phase.end()) {
      known = true;
      whole += all->second;
    }
    if (const auto part = by_phase.find("measure"); part != by_phase.end()) measured += part->second;
    if (!trial.reclaim_source.empty()) source = trial.reclaim_source;
  }
  out += "\n";
  if (known)
    out += fmt::format(
        "  TLB row of /proc/interrupts: +{:.0f} over all trials, of which +{:.0f} were measured\n", whole,
        measured);
  if (!source.empty()) out += fmt::format("  pages_reclaimed from: {}\n", source);
}

}  // namespace

std::string summarise(const RunFolder& run) {
  std::string out;
  context(run, out);
  wrong_pages(run, out);
  metrics(run, out);
  out += explaining_block(run);
  rounds(run, out);
  out += latency_table(run);
  out += why_block(run);
  reasons(run, out);
  whole_run(run, out);
  for (const std::string& remark : run.remarks) out += fmt::format("  note: {}\n", remark);
  out += fmt::format("  run folder: {}\n", run.path.native());
  return out;
}

}  // namespace tlbstorm::report
