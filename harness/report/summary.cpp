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
#include "harness/report/latency_table.hpp"
#include "harness/report/why_block.hpp"
#include "harness/stats/buckets.hpp"
#include "harness/stats/sample.hpp"

namespace tlbstorm::report {
namespace {

using nlohmann::ordered_json;
using record::RunFolder;

constexpr std::size_t kMostRounds = 30;  // printed; all are in rounds.csv

std::string text_or(const ordered_json& object, const char* key, const std::string& otherwise) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : otherwise;
}

std::string seconds(const ordered_json& value) {
  if (!value.is_number()) return "?";
  return os::format_duration(os::Nanoseconds{static_cast<std::int64_t>(value.get<double>() * 1e9)});
}

std::string bytes(const ordered_json& value) {
  return value.is_number() ? os::format_size({value.get<std::uint64_t>()}) : "?";
}

/// A size as one; what is none, in a manifest that was tampered with, as it is.
std::string size_text(const std::string& name, const std::string& text) try {
  return os::format_size(os::parse_size(name, text, {}));
} catch (const os::UsageError&) {
  return text;
}

std::string paced(const ordered_json& plan) {
  const int trials = plan.value("trials", 0);
  const std::string count = fmt::format("{} trial{}", trials, trials == 1 ? "" : "s");
  if (plan.value("pacing", "") == "rounds")
    return fmt::format("{} of {} measured rounds", count,
                       text_or(plan["parameters"], "rounds", text_or(plan["parameters"], "repeat", "?")));
  return fmt::format("{} of {} after {} of warm-up", count, seconds(plan["duration_seconds"]),
                     seconds(plan["warmup_seconds"]));
}

/// Few swap areas by their names, many by the first, the last and their number.
std::string areas(const std::vector<std::string>& swap) {
  constexpr std::size_t kFew = 4;
  if (swap.size() <= kFew) return fmt::format("{}", fmt::join(swap, ", "));
  return fmt::format("{} to {}, {} areas", swap.front(), swap.back(), swap.size());
}

std::string parameters(const ordered_json& plan) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : plan["parameters"].items())
    if (const auto text = value.get<std::string>(); !text.empty()) {
      const ordered_json sizes = plan.value("sizes", ordered_json::array());
      const bool size = std::find(sizes.begin(), sizes.end(), name) != sizes.end();
      parts.push_back(fmt::format("{}={}", name, size ? size_text(name, text) : text));
    }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void context(const RunFolder& run, std::string& out) {
  const ordered_json& plan = run.manifest["plan"];
  const ordered_json& machine = run.manifest["machine"];
  const auto line = [&](const char* key, const std::string& value) {
    out += fmt::format("  {:<11}{}\n", key, value);
  };
  out += fmt::format("tlbstorm {}: {}, {}\n\n", text_or(run.manifest["tool"], "version", "?"),
                     text_or(plan, "workload", "?"), paced(plan));
  line("kernel",
       fmt::format("{} {}", text_or(machine, "kernel_release", "?"), text_or(machine, "kernel_version", "")));
  line("machine",
       fmt::format("{}, {}{}", text_or(machine, "cpu_model", "?"), text_or(run.manifest, "topology", "?"),
                   run.manifest["flush"].value("hypervisor", "").empty()
                       ? ""
                       : ", guest of " + run.manifest["flush"]["hypervisor"].get<std::string>()));
  line("flushes", text_or(run.manifest["flush"], "text", "?"));
  line("memory",
       fmt::format("{}; limit {}; swap {}", bytes(run.manifest["memory_bytes"]),
                   plan["memory_limit_bytes"].is_null() ? "none" : bytes(plan["memory_limit_bytes"]),
                   plan["swap"].empty()
                       ? text_or(machine, "swaps", "none")
                       : areas(plan["swap"].get<std::vector<std::string>>()) + " (for this run)"));
  line("workers",
       fmt::format("{} {} on CPUs {} ({})", plan.value("workers", 0), plan.value("mode", ""),
                   os::format_list(plan["cpus"].get<std::vector<int>>()), plan.value("placement", "")));
  line("parameters", parameters(plan));
  if (plan.value("bystanders", 0) > 0)
    line("bystanders",
         fmt::format("{} on CPUs {}, gaps above {}", plan.value("bystanders", 0),
                     os::format_list(plan["bystander_cpus"].get<std::vector<int>>()),
                     os::format_duration(os::Nanoseconds{plan.value("gap_threshold_ns", std::int64_t{0})})));
  if (plan.contains("ballast_bytes") && !plan["ballast_bytes"].is_null())
    line("ballast", bytes(plan["ballast_bytes"]) + " locked");
  if (text_or(plan, "expect", "ok") != "ok")
    line("expected", "every trial ends as " + text_or(plan, "expect", ""));
  for (const auto& note : plan["notes"]) line("note", note.get<std::string>());
}

/// First of all: what follows is of less weight.
void wrong_pages(const RunFolder& run, std::string& out) {
  for (const auto& entry : run.manifest["trials"]) {
    const ordered_json wrong = entry.value("wrong_pages", ordered_json::object());
    const auto count = wrong.value("count", std::uint64_t{0});
    if (count == 0) continue;
    const auto first = wrong.value("first", std::vector<std::string>());
    out += fmt::format(
        "\n  DATA CORRUPTION in trial {}: {} page{} came back with other content than was written.\n"
        "  Suspect the kernel, the swap device or the memory. What was found{}:\n",
        entry.value("trial", 0), count, count == 1 ? "" : "s",
        count > first.size() ? fmt::format(", the first {}", first.size()) : "");
    for (const std::string& line : first) out += fmt::format("    {}\n", line);
  }
}

void metrics(const RunFolder& run, std::string& out) {
  if (run.series.empty()) return;
  const bool any_valid = std::any_of(run.manifest["trials"].begin(), run.manifest["trials"].end(),
                                     [](const ordered_json& entry) { return entry.value("valid", false); });
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
    if (series.metric == "ipis_per_page" || series.metric == "tlb_ipis") break;
    wanted.push_back(series.metric);
  }
  for (const char* const metric :
       {"tlb_ipis", "pages_reclaimed", "ipis_per_page", "pages_per_flush", "ns_per_page", "tlb_flushes_sent"})
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
std::string dear_probes(const ordered_json& readings) {
  std::vector<std::string> parts;
  bool no_interrupts = false;
  for (const auto& [probe, reading] : readings.items()) {
    if (!reading.value("dear", false)) continue;
    const int every = reading.value("every_samples", 1);
    no_interrupts |= probe == "interrupts" && every == 0;
    parts.push_back(fmt::format("{} ({:.0f} us) {}", probe, reading.value("read_us", 0.0),
                                every > 0 ? fmt::format("1 in {}", every) : "never"));
  }
  if (parts.empty()) return "";
  return fmt::format("dear to read, so not at every sample but at phase edges: {}{}", fmt::join(parts, ", "),
                     no_interrupts ? "; the time line of shootdowns is tlbflush.received, by CPU" : "");
}

/// "oom: the kernel killed a worker ...", of a trial that was to end so; what was not is said as invalid.
std::string expected_end(const ordered_json& entry) {
  const std::string outcome = text_or(entry, "outcome", "ok"), reason = text_or(entry, "reason", "");
  if (outcome == "ok" || reason.empty()) return "";
  for (const auto& check : entry.value("checks", ordered_json::array()))
    if (text_or(check, "check", "") == "outcome" && text_or(check, "verdict", "") == "ok")
      return fmt::format("{}: {}", outcome, reason);
  return "";
}

void reasons(const RunFolder& run, std::string& out) {
  const auto& trials = run.manifest["trials"];
  Gathered invalid, unknown, absent, ended, notes;
  for (const auto& entry : trials) {
    const int trial = entry.value("trial", 0);
    if (const std::string end = expected_end(entry); !end.empty()) ended.add(end, trial);
    for (const auto& check : entry.value("checks", ordered_json::array())) {
      const std::string subject = text_or(check, "check", "?");
      const std::string text = fmt::format("{}: {}", subject, text_or(check, "detail", ""));
      // How each trial ended is told of each: when it was, and how much was free.
      if (check.value("verdict", "") == "invalid")
        invalid.add(subject == "outcome" ? text : subject, text, trial);
      if (check.value("verdict", "") == "unknown") unknown.add(subject, text, trial);
    }
    std::map<std::string, std::vector<std::string>> metrics_by_reason;
    for (const auto& absence : entry.value("absent", ordered_json::array()))
      metrics_by_reason[text_or(absence, "reason", "")].push_back(text_or(absence, "metric", "?"));
    for (const auto& [reason, names] : metrics_by_reason)
      absent.add(fmt::format("{}{}: {}",
                             fmt::join(names.begin(),
                                       names.begin() + std::min<std::ptrdiff_t>(4, std::ssize(names)), ", "),
                             names.size() > 4 ? fmt::format(" and {} more", names.size() - 4) : "", reason),
                 trial);
    for (const auto& note : entry.value("notes", ordered_json::array()))
      notes.add(note.get<std::string>(), trial);
    const ordered_json sampling = entry.value("sampling", ordered_json::object());
    const ordered_json readings = sampling.value("probes", ordered_json::object());
    if (const std::string dear = dear_probes(readings); !dear.empty()) notes.add("dear", dear, 0);
  }
  for (const auto& probe : run.manifest["absent_probes"])
    if (!probe.value("idle", false))
      absent.add(fmt::format("probe {}: {}{}", text_or(probe, "probe", "?"), text_or(probe, "reason", ""),
                             text_or(probe, "remedy", "").empty() ? "" : "; " + text_or(probe, "remedy", "")),
                 0);
  ended.print(out, "ended as expected", trials.size() + 1);
  invalid.print(out, "INVALID: these trials do not mean what they should", trials.size() + 1);
  absent.print(out, "absent", trials.size());
  unknown.print(out, "not known", trials.size());
  notes.print(out, "notes", trials.size());
}

void whole_run(const RunFolder& run, std::string& out) {
  double measured = 0, whole = 0;
  bool known = false;
  std::string source;
  for (const auto& entry : run.manifest["trials"]) {
    const auto by_phase = entry.value("tlb_ipis_by_phase", ordered_json::object());
    known = known || by_phase.contains("whole");
    measured += by_phase.value("measure", 0.0);
    whole += by_phase.value("whole", 0.0);
    source = entry.value("reclaim_source", source);
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
