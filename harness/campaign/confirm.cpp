// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/confirm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "harness/campaign/interleave.hpp"
#include "harness/compare/gate/outcomes.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/error.hpp"
#include "harness/os/exit_code.hpp"
#include "harness/record/benchmark_json.hpp"
#include "harness/record/folders.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::campaign {
namespace {

using compare::Ruling;
using compare::Side;

/// Why runs of this side can't be made here; empty when they can. All settings have to be what they were: a
/// round under others would acquit a side for what it no longer is.
std::string why_not_here(const Side& side) {
  static constexpr std::array<std::string_view, 2> kMayDiffer{"swaps", "memory_total"};
  for (const machine::Fact& fact : machine::inspect().facts)
    if (std::find(kMayDiffer.begin(), kMayDiffer.end(), fact.key) == kMayDiffer.end() &&
        side.manifest().fact(fact.key, "") != fact.value)
      return fmt::format("its {} was {}, here it is {}", fact.key, side.manifest().fact(fact.key),
                         fact.value);
  if (side.manifest().plan.workload == record::kBenchmark) return "it is of another program";
  return "";
}

/// The words after `tlbstorm run` that made a side's first run, without its folder.
trial::Words words_of(const Side& side) {
  trial::Words words;
  bool skip = false;
  std::size_t position = 0;
  for (const std::string& text : side.manifest().tool.command) {
    if (position++ >= 2 && !skip && text != "--output" && !text.starts_with("--output="))
      words.push_back(text);
    skip = text == "--output";
  }
  return words;
}

BatchRun run_again(const Side& side) {
  trial::Words words = words_of(side);
  const trial::Definition& definition = trial::find_workload(trial::take_workload(words));
  return run_as_made(definition, words);
}

/// The rules that failed for a pair: the others may be about metrics that it has not.
std::vector<compare::Rule> failed_rules(const compare::Gate& gate, const std::string& title) {
  std::vector<compare::Rule> rules;
  for (const compare::RuleResult& one : gate.results)
    if (one.ruling == Ruling::fail && one.title == title && one.rule.metric != compare::kOutcomes &&
        std::none_of(rules.begin(), rules.end(),
                     [&](const compare::Rule& known) { return known.text == one.rule.text; }))
      rules.push_back(one.rule);
  return rules;
}

/// As many as the run had trials, and enough for all failures to be shown again.
int fresh_pairs(const compare::GatePair& pair, const compare::Gate& gate, double alpha) {
  constexpr int kMost = 40;
  const auto failures = static_cast<double>(std::count_if(
      gate.results.begin(), gate.results.end(),
      [&](const compare::RuleResult& one) { return one.ruling == Ruling::fail && one.title == pair.title; }));
  int pairs = std::max(8, pair.next->trials());
  while (pairs < kMost &&
         stats::smallest_p_of_pairs(static_cast<std::size_t>(pairs), stats::Tail::higher) * failures > alpha)
    ++pairs;
  return pairs;
}

std::filesystem::path fresh_folder(const Side& side) {
  return record::default_folder(side.manifest().plan.workload, "confirm");
}

/// A fresh round of one pair.
struct Round {
  int code = os::kOk;  ///< os::kSignal + n when it was interrupted
  std::string folder;
  compare::Gate gate;
};

/// Judged by the rules that failed.
Round judge_again(const compare::GatePair& pair, const compare::Gate& gate, compare::GateOptions options,
                  const MachineLock& lock, Follower& follower, bool base_too) {
  const BatchRun next = run_again(*pair.next);
  const BatchRun base = base_too ? run_again(*pair.base) : next;
  Interleaver interleaver(fresh_folder(*pair.next), "", base, next, lock, follower);
  Round round;
  round.folder = interleaver.folder().native();
  for (int pairs = fresh_pairs(pair, gate, options.alpha); pairs > 0; --pairs)
    if (round.code = interleaver.run_pair(); round.code >= os::kSignal) return round;
  interleaver.finish();
  const Side fresh_base = interleaver.base(), fresh_next = interleaver.next();
  options.paired = base_too;
  const compare::GatePair again{pair.title, base_too ? &fresh_base : pair.base, &fresh_next};
  round.gate = compare::judge(std::span(&again, 1), failed_rules(gate, pair.title), options);
  return round;
}

/// A rule that failed, and doesn't in the fresh round, takes what that round says.
void take_over(const compare::Gate& fresh, const std::string& title, compare::Gate& gate) {
  for (compare::RuleResult& result : gate.results) {
    if (result.ruling != Ruling::fail || result.title != title) continue;
    for (const compare::RuleResult& again : fresh.results) {
      if (again.rule.text != result.rule.text || again.metric.name != result.metric.name) continue;
      result.why += fmt::format("; again: {}", again.why);
      if (again.ruling != Ruling::fail) result.ruling = again.ruling;
    }
  }
}

}  // namespace

namespace {

/// Why the new side can't be confirmed; empty when it can.
std::string why_not(const compare::GatePair& pair, bool interleaved) {
  for (const std::string& word : words_of(*pair.next))
    if (word.find("\\x") != std::string::npos)  // os/printable.hpp
      return fmt::format("its command has bytes that can't be told: {}", word);
  if (const std::string why = why_not_here(*pair.next); !why.empty()) return why;
  // `tlbstorm ab` with commands: they are not in the manifests of the runs.
  if (interleaved && pair.base != nullptr && words_of(*pair.base) == words_of(*pair.next))
    return "what was switched between the sides is not in their commands";
  return "";
}

/// os::kOk, or os::kSignal + n.
int confirm_one(const compare::GatePair& pair, const compare::GateOptions& options, const MachineLock& lock,
                Follower& follower, compare::Gate& gate) {
  if (const std::string why = why_not(pair, options.paired); !why.empty()) {
    gate.notes.push_back(fmt::format("the new runs can't be made again here to confirm it: {}", why));
    return os::kOk;
  }
  const std::string why_no_base = pair.base == nullptr ? "there is none" : why_not_here(*pair.base);
  try {
    const Round round = judge_again(pair, gate, options, lock, follower, why_no_base.empty());
    if (round.code >= os::kSignal) return round.code;
    take_over(round.gate, pair.title, gate);
    gate.notes.push_back(
        why_no_base.empty()
            ? fmt::format("looked again, both sides interleaved: {}", round.folder)
            : fmt::format("looked again, the new side alone (the base: {}): {}", why_no_base, round.folder));
  } catch (const os::Error& error) {
    gate.notes.push_back(fmt::format("it could not be confirmed: {}{}{}", error.what(),
                                     error.hint().empty() ? "" : "; ", error.hint()));
  }
  return os::kOk;
}

}  // namespace

int confirm(std::span<const compare::GatePair> pairs, const compare::GateOptions& options,
            const LockOptions& lock_options, Follower& follower, compare::Gate& gate) {
  std::optional<MachineLock> lock;
  try {
    lock.emplace(lock_options, follower);
  } catch (const os::UsageError& held) {
    gate.notes.push_back(fmt::format("it could not be confirmed: {}", held.what()));
    return os::kOk;
  }
  restore_leftovers(follower);
  for (const compare::GatePair& pair : pairs)
    if (std::any_of(gate.results.begin(), gate.results.end(), [&](const compare::RuleResult& one) {
          return one.ruling == Ruling::fail && one.title == pair.title;
        }))
      if (const int code = confirm_one(pair, options, *lock, follower, gate); code >= os::kSignal)
        return code;
  return os::kOk;
}

}  // namespace tlbstorm::campaign
