// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/confirm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "harness/cli/interleave.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/error.hpp"
#include "harness/record/recorder.hpp"

namespace tlbstorm::cli {
namespace {

using verdict::Ruling;
using verdict::Side;

/// Why runs of this side can't be made here; empty when they can.
std::string why_not_here(const Side& side) {
  static constexpr std::array<std::string_view, 5> kMustAgree{"kernel_release", "kernel_version", "cmdline",
                                                              "cpu_model", "cpus_online"};
  const auto then = side.manifest().value("machine", nlohmann::ordered_json::object());
  for (const machine::Fact& fact : machine::inspect().facts)
    if (std::find(kMustAgree.begin(), kMustAgree.end(), fact.key) != kMustAgree.end() &&
        then.value(fact.key, "") != fact.value)
      return fmt::format("its {} was {}, here it is {}", fact.key, then.value(fact.key, "?"), fact.value);
  if (side.manifest()["plan"].value("workload", "") == "benchmark") return "it is of another program";
  return "";
}

/// The words after `tlbstorm run` that made a side's first run, without its folder.
Arguments words_of(const Side& side) {
  Arguments words;
  const auto tool = side.manifest().value("tool", nlohmann::ordered_json::object());
  bool skip = false;
  std::size_t position = 0;
  for (const auto& word : tool.value("command", nlohmann::ordered_json::array())) {
    const auto text = word.get<std::string>();
    if (position++ >= 2 && !skip && text != "--output" && !text.starts_with("--output="))
      words.push_back(text);
    skip = text == "--output";
  }
  return words;
}

Way way_again(const Side& side, const trial::Definition*& definition) {
  Arguments words = words_of(side);
  definition = &trial::find_workload(take_workload(words));
  return way_of(*definition, words);
}

std::filesystem::path fresh_folder(const Side& side) {
  return record::default_folder(side.manifest()["plan"].value("workload", "run"), "confirm");
}

/// A fresh round of one contest, judged by the same rules.
verdict::Gate judge_again(const verdict::Contest& contest, const std::vector<verdict::Rule>& rules,
                          verdict::GateOptions options, bool base_too, std::string& folder) {
  constexpr int kFewest = 8;
  const trial::Definition* definition = nullptr;
  const Way next = way_again(*contest.next, definition);
  const Way base = base_too ? way_again(*contest.base, definition) : next;
  Interleaver interleaver(fresh_folder(*contest.next), "", *definition, base, next, true);
  folder = interleaver.folder().native();
  const int pairs = std::max(kFewest, contest.next->trials());
  for (int pair = 0; pair < pairs; ++pair)
    if (interleaver.run_pair() >= kSignal) throw os::Error("interrupted", "run the gate again");
  interleaver.finish();
  const Side fresh_base = interleaver.base(), fresh_next = interleaver.next();
  options.paired = base_too;
  const verdict::Contest again{contest.title, base_too ? &fresh_base : contest.base, &fresh_next};
  return verdict::judge(std::span(&again, 1), rules, options);
}

/// A rule that failed, and doesn't in the fresh round, takes what that round says.
void take_over(const verdict::Gate& fresh, const std::string& title, verdict::Gate& gate) {
  for (verdict::RuleResult& result : gate.results) {
    if (result.ruling != Ruling::fail || result.title != title) continue;
    for (const verdict::RuleResult& again : fresh.results) {
      if (again.rule.text != result.rule.text || again.metric.name != result.metric.name) continue;
      result.why += fmt::format("; again: {}", again.why);
      if (again.ruling != Ruling::fail) result.ruling = again.ruling;
    }
  }
}

}  // namespace

void confirm(std::span<const verdict::Contest> contests, const std::vector<verdict::Rule>& rules,
             const verdict::GateOptions& options, verdict::Gate& gate) {
  for (const verdict::Contest& contest : contests) {
    if (std::none_of(gate.results.begin(), gate.results.end(), [&](const verdict::RuleResult& one) {
          return one.ruling == Ruling::fail && one.title == contest.title;
        }))
      continue;
    if (const std::string why = why_not_here(*contest.next); !why.empty()) {
      gate.notes.push_back(fmt::format("the new runs can't be made again here to confirm it: {}", why));
      continue;
    }
    const std::string why_no_base = contest.base == nullptr ? "there is none" : why_not_here(*contest.base);
    std::string folder;
    const verdict::Gate fresh = judge_again(contest, rules, options, why_no_base.empty(), folder);
    take_over(fresh, contest.title, gate);
    gate.notes.push_back(
        why_no_base.empty()
            ? fmt::format("looked again, both sides interleaved: {}", folder)
            : fmt::format("looked again, the new side alone (the base: {}): {}", why_no_base, folder));
  }
}

}  // namespace tlbstorm::cli
